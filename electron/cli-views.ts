import type { FailurePage, Settled } from '../shared/api/engine-api.ts'
import { attributesLine } from '../shared/model/attributes.ts'
import type { LinkFidelity } from '../shared/model/fidelity.ts'
import type { Overview } from '../shared/model/overview.ts'
import type { LinkKeys, LinkState, LinkView, RuleView, TwoSidedKey } from '../shared/model/rule.ts'
import type { SiteView } from '../shared/model/site.ts'
import { bytesText, cellText, durationText, table } from './cli-table.ts'

type Lines = readonly string[]

/** What people read; `--json` prints the API's value instead. */
export function overviewLines(view: Overview): Lines {
  const { totals, workers, asOf } = view
  const pending = `${totals.backlogCount} pending (${bytesText(totals.backlogBytes)}), oldest ${lag(totals.oldestPendingAt, asOf)}`
  return [
    `${pending}; ${totals.failing} failing, ${totals.parked} parked; workers ${workers.busy}/${workers.limit}; ${bytesText(totals.bytesPerSecond)}/s`,
    ...linkTable(view.links),
  ]
}

export function rulesLines(rules: readonly RuleView[]): Lines {
  if (rules.length === 0) return ['No rules yet.']
  return [
    ...linkTable(rules.flatMap((rule) => rule.links)),
    ...rules.flatMap(({ id, cautions }) => cautions.map(({ message, remedy }) => `${id}: ${message} ${remedy}`)),
  ]
}

const keyWords: Readonly<Record<LinkKeys['kind'], string>> = {
  'not-converging': 'keys were written at both sides and do not converge',
  'target-writes': 'keys were written by others at the target; the rule is stopped, because it would cover them',
}

export function keysLines(links: readonly LinkKeys[]): Lines {
  if (links.length === 0) return ['No key wants a look.']
  return links.flatMap(({ linkId, kind, count, keys }) => [
    `${linkId}: ${count} ${keyWords[kind]}.`,
    ...table(
      ['KEY', 'AT THE SOURCE', 'AT THE TARGET'],
      keys.map(({ key, source, target }) => [cellText(key), currentText(source), currentText(target)]),
    ),
    ...(count > keys.length ? [`… ${count - keys.length} more`] : []),
  ])
}

/** What each target keeps, a table per target. */
export function fidelityLines(links: readonly LinkFidelity[]): Lines {
  return links.flatMap(({ target, lines }) => [
    `What ${target.site}/${target.bucket} keeps:`,
    ...table(
      ['PROPERTY', 'VERDICT', 'WHAT BECOMES OF IT'],
      lines.map(({ title, kind, words }) => [title, kind, words]),
    ),
  ])
}

function currentText(current: TwoSidedKey['source']): string {
  if (current === null) return '–'
  const what = current.deleteMarker ? 'deleted' : bytesText(current.sizeBytes)
  return `${what}, ${new Date(current.modifiedAt).toISOString()}`
}

export function sitesLines(sites: readonly SiteView[]): Lines {
  if (sites.length === 0) return ['No sites yet.']
  const rows = sites.map((site) => [
    site.id,
    site.paused ? 'paused' : site.health.state,
    site.endpoint,
    site.capabilities?.vendor ?? '–',
    site.health.rttMs === null ? '–' : `${site.health.rttMs.current.toFixed(1)} ms`,
    site.health.lastFault?.code ?? '',
  ])
  return table(['SITE', 'STATE', 'ENDPOINT', 'VENDOR', 'RTT', 'LAST FAULT'], rows)
}

export function failuresLines(page: FailurePage): Lines {
  if (page.total === 0) return ['No failures.']
  const rows = page.rows.map((row) => [
    String(row.seq),
    row.linkId,
    row.state,
    row.fault.code,
    String(row.attempts),
    row.nextAttemptAt === null ? 'when retried' : `in ${durationText(row.nextAttemptAt - page.asOf)}`,
    cellText(row.key),
  ])
  const shown = page.rows.length < page.total ? [`… ${page.total - page.rows.length} more; see --json`] : []
  return [
    ...table(['SEQ', 'LINK', 'STATE', 'CODE', 'ATTEMPTS', 'NEXT', 'KEY'], rows),
    ...shown,
    ...page.byCode.map(({ code, count }) => `${count} × ${code}: ${remedyOf(page, code)}`),
  ]
}

export function settledLines({ settled, pending, parked, notConverging }: Settled): Lines {
  const aside = [
    ...(parked > 0 ? [`; ${parked} parked, see: lockstep failures`] : []),
    ...(notConverging > 0 ? [`; ${notConverging} keys do not converge, see: lockstep keys`] : []),
  ].join('')
  return [settled ? `Settled${aside}.` : `Not settled: ${pending} pending${aside}.`]
}

function linkTable(links: readonly LinkView[]): Lines {
  if (links.length === 0) return ['No rules yet.']
  const rows = links.map((link) => [
    link.ruleId,
    `${link.source.site}/${link.source.bucket}`,
    `${link.target.site}/${link.target.bucket}`,
    link.state.kind,
    String(link.backlogCount),
    bytesText(link.backlogBytes),
    lag(link.oldestPendingAt, link.asOf),
    String(link.failing),
    String(link.parked),
  ])
  const head = ['RULE', 'SOURCE', 'TARGET', 'STATE', 'PENDING', 'BYTES', 'LAG', 'FAILING', 'PARKED']
  return [...table(head, rows), ...links.flatMap(whyLine), ...links.flatMap(attributeLines)]
}

function whyLine(link: LinkView): Lines {
  const why = reason(link.state)
  return why === null ? [] : [`${link.linkId}: ${why}`]
}

function attributeLines({ linkId, attributes, asOf }: LinkView): Lines {
  if (attributes === null) return []
  return [`${linkId}: ${attributesLine(attributes, { now: asOf, duration: durationText })}`]
}

function reason(state: LinkState): string | null {
  return 'reason' in state ? `${state.reason} ${state.remedy}` : null
}

function lag(oldestPendingAt: number | null, asOf: number): string {
  return oldestPendingAt === null ? '–' : durationText(asOf - oldestPendingAt)
}

function remedyOf(page: FailurePage, code: string): string {
  return page.rows.find((row) => row.fault.code === code)?.fault.remedy ?? 'see the console for its remedy'
}
