import type { FailureDetail, FailurePage, WaitResult } from '../../shared/api/engine-api.ts'
import { attributesLine } from '../../shared/model/attributes.ts'
import { driftCauses } from '../../shared/model/bucket-drift.ts'
import type { LinkFidelity } from '../../shared/model/fidelity.ts'
import type { Overview } from '../../shared/model/overview.ts'
import type { LinkKeys, LinkState, LinkView, RuleView, TwoSidedKey } from '../../shared/model/rule.ts'
import type { SiteView } from '../../shared/model/site.ts'
import { factLines, type SiteFact, type SiteProfile } from '../../shared/model/site-profile.ts'
import { heldCauses, isHeld, type HeldCause } from '../../shared/model/sync-state.ts'
import { countOf } from '../../shared/text/count.ts'
import { driftRules, driftTitle } from '../../shared/text/drift.ts'
import { eventsLine, heldRules, heldTitle } from '../../shared/text/held.ts'
import { overallOf } from '../../shared/text/overall.ts'
import { faultText, sentence } from '../../shared/text/sentence.ts'
import { settledText, type Failure } from '../../shared/model/task.ts'
import type { SseCKeyView } from '../../shared/model/sse-c-key.ts'
import { bytesText, cellText, durationText, table } from './table.ts'

type Lines = readonly string[]

/** What people read; `--json` prints the API's value instead. */
export function overviewLines(view: Overview): Lines {
  const { totals, workers, asOf, links, held } = view
  const unseen = links.filter(({ unknown, state }) => unknown !== null && state.kind !== 'disabled')
  const least = unseen.length > 0 ? 'at least ' : ''
  const known = `${least}${totals.backlogCount} pending (${bytesText(totals.backlogBytes)}), oldest ${lag(totals.oldestPendingAt, asOf)}`
  const pending = unseen.length > 0 && totals.backlogCount === 0 ? 'pending unknown' : known
  return [
    ...(links.length === 0 ? [] : [`${overallOf(view).sentence}.`]),
    ...held.flatMap((cause) => heldLines(cause, asOf)),
    ...driftLines(links, asOf),
    ...unseenLines(unseen, asOf),
    `${pending}; ${totals.failing} failing, ${totals.parked} parked; workers ${workers.busy}/${workers.limit}; ${bytesText(totals.bytesPerSecond)}/s`,
    ...linkTable(links),
  ]
}

/** One cause, told once however many rules it holds. */
function heldLines(cause: HeldCause, asOf: number): Lines {
  const { reason, remedy, since, siteId, elsewhere } = cause
  return [
    `HELD for ${durationText(asOf - since)}: ${heldTitle(cause)}`,
    `  ${heldRules(cause)}. First: ${reason}`,
    `  ${remedy} On the command line: lockstep look.`,
    ...(elsewhere?.region == null || cause.code !== 'REGION_WRONG'
      ? []
      : [`  To take the region: lockstep region ${siteId ?? 'SITE'} ${elsewhere.region}`]),
  ]
}

/** What is not any more what it was, though nothing is held by it. */
const driftLines = (links: readonly LinkView[], asOf: number): Lines =>
  driftCauses(links).flatMap((cause) => [
    `CHANGED ${durationText(asOf - cause.since)} ago: ${driftTitle(cause)} ${driftRules(cause)}.`,
    `  ${cause.reason} ${cause.remedy}`,
  ])

function unseenLines(unseen: readonly LinkView[], asOf: number): Lines {
  if (unseen.length === 0) return []
  const since = Math.min(...unseen.map(({ unknown }) => unknown?.since ?? asOf))
  const what = unseen.length === 1 ? '1 link is' : `${unseen.length} links are`
  return [
    `UNKNOWN for ${durationText(asOf - since)}: what ${what} behind cannot be seen. ${unseen[0]?.unknown?.reason}`,
  ]
}

export function rulesLines(rules: readonly RuleView[]): Lines {
  if (rules.length === 0) return ['No rules yet.']
  const links = rules.flatMap((rule) => rule.links)
  return [
    ...linkTable(links),
    ...heldCauses(links).flatMap((cause) => heldLines(cause, links[0]?.asOf ?? cause.since)),
    ...driftLines(links, links[0]?.asOf ?? 0),
    ...rules.flatMap(({ id, cautions }) => cautions.map((caution) => `${id}: ${faultText(caution)}`)),
  ]
}

const keyText: Readonly<Record<LinkKeys['kind'], string>> = {
  'not-converging': 'keys were written at both sides and do not converge',
  covered: 'keys at the target show what others wrote or deleted there, on top of what the source has',
  'target-writes': 'keys were written by others at the target; the rule is stopped, because it would cover them',
}

export function keysLines(links: readonly LinkKeys[]): Lines {
  if (links.length === 0) return ['No key wants a look.']
  return links.flatMap(({ linkId, kind, count, keys }) => [
    `${linkId}: ${count} ${keyText[kind]}.`,
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
      ['PROPERTY', 'VERDICT', 'COPIED WITHOUT IT', 'WHAT BECOMES OF IT'],
      lines.map(({ title, kind, notKeptCount, words }) => [title, kind, String(notKeptCount ?? '–'), words]),
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
  return [
    ...table(['SITE', 'STATE', 'ENDPOINT', 'VENDOR', 'RTT', 'LAST FAULT'], rows),
    ...sites.flatMap(({ id, region, signsFor }) =>
      signsFor === null
        ? []
        : [
            `${id}: set to region ${region}, and expects ${signsFor}, which is used. To keep it: lockstep region ${id} ${signsFor}`,
          ],
    ),
  ]
}

/** All that is known of one site, a line for each fact. */
export function siteLines(site: SiteView): Lines {
  const { profile } = site
  if (profile === null) return [...sitesLines([site]), 'Nothing is known of it yet.']
  const rows = factLines(profile.facts).map(({ title, words, fact }) => [title, words, knownFrom(fact)])
  return [
    ...sitesLines([site]),
    ...(profile.server === null ? [] : [`It calls itself ${cellText(profile.server)}.`]),
    'What this site keeps:',
    ...table(['FACT', 'ANSWER', 'AS OF'], rows),
    probeLine(profile),
  ]
}

function knownFrom({ how, bucket, asOf }: SiteFact): string {
  if (asOf === null) return '–'
  const at = new Date(asOf).toISOString()
  const where = how === 'by-name' ? ', by the kind of server' : bucket === null ? '' : `, ${how} in ${bucket}`
  return `${at}${where}`
}

function probeLine({ probe }: SiteProfile): string {
  if (probe === null) return 'Not all of it was tried yet. To do it: lockstep sites ID --probe --bucket BUCKET'
  const { bucket, at, requests, elapsedMs, left } = probe
  const cost = `Tried in ${bucket} at ${new Date(at).toISOString()}: ${countOf(requests, 'request')}, ${(elapsedMs / 1000).toFixed(1)} s.`
  return left === null ? `${cost} Nothing is left behind.` : `${cost} Some of it could not be removed again: ${left}`
}

export function failuresLines(page: FailurePage): Lines {
  if (page.total === 0) return ['No failures.']
  const rows = page.rows.map((row) => [
    String(row.seq),
    row.linkId,
    row.state,
    row.fault.code,
    String(row.attempts),
    nextText(row, page.asOf),
    cellText(row.key),
  ])
  const shown = page.rows.length < page.total ? [`… ${page.total - page.rows.length} more; see --json`] : []
  return [
    ...table(['SEQ', 'LINK', 'STATE', 'CODE', 'ATTEMPTS', 'NEXT', 'KEY'], rows),
    ...shown,
    ...page.byCode.map(({ code, count }) => `${count} × ${code}: ${remedyOf(page, code)}`),
  ]
}

/** When it is tried next, or what has to happen first. */
function nextText({ state, waits, nextAttemptAt }: Failure, asOf: number): string {
  if (state === 'leased') return 'under way'
  if (state === 'parked') return 'when retried'
  if (waits !== null) return `when ${waits.until}`
  return nextAttemptAt === null ? 'in the queue' : `in ${durationText(Math.max(0, nextAttemptAt - asOf))}`
}

/** One item: which it is, how it stands, and what happened to it. */
export function itemLines(item: FailureDetail): Lines {
  const { seq, key, versionId, ruleId, source, target } = item
  return [
    `${seq}: ${cellText(key)}${versionId === null ? '' : `, version ${versionId}`}`,
    `Rule ${ruleId}, from ${source.site}/${source.bucket} to ${target.site}/${target.bucket}`,
    ...stateLines(item),
    ...item.history.map(
      ({ at, what, attempt, fault, did }) =>
        `${new Date(at).toISOString()}  ${what}${attempt === null ? '' : `, attempt ${attempt}`}` +
        `${fault === null ? '' : `: ${fault.code} ${fault.message}`}${did === null ? '' : ` (${did})`}`,
    ),
  ]
}

function stateLines(item: FailureDetail): Lines {
  if (item.state === 'pending') return ['On its way: it has not failed since it was last offered.']
  if (item.state === 'settled') return [item.did === null ? 'Settled.' : settledText[item.did]]
  const { fault, attempts } = item.failure
  return [`${fault.code}: ${faultText(fault)}`, `Attempts ${attempts}; next ${nextText(item.failure, item.asOf)}`]
}

export function settledLines({ settled, pending, parked, notConverging, unknown, held }: WaitResult): Lines {
  const aside = [
    ...(parked > 0 ? [`; ${parked} parked, see: lockstep failures`] : []),
    ...(notConverging > 0 ? [`; ${notConverging} keys do not converge, see: lockstep keys`] : []),
  ].join('')
  const least = pending > 0 ? `at least ${pending} pending; ` : ''
  const count =
    unknown > 0 ? `${least}what ${countOf(unknown, 'link is', 'links are')} behind is not known` : `${pending} pending`
  return [
    settled ? `Settled${aside}.` : `Not settled: ${count}${aside}.`,
    ...held.map((cause) => `Held: ${heldTitle(cause)} ${heldRules(cause)}. ${cause.remedy}`),
  ]
}

function linkTable(links: readonly LinkView[]): Lines {
  if (links.length === 0) return ['No rules yet.']
  const rows = links.map((link) => [
    link.ruleId,
    `${link.source.site}/${link.source.bucket}`,
    `${link.target.site}/${link.target.bucket}`,
    link.state.kind,
    link.unknown === null ? String(link.backlogCount) : link.backlogCount === 0 ? 'unknown' : `${link.backlogCount}+`,
    bytesText(link.backlogBytes),
    lag(link.oldestPendingAt, link.asOf),
    String(link.failing),
    String(link.parked),
  ])
  const head = ['RULE', 'SOURCE', 'TARGET', 'STATE', 'PENDING', 'BYTES', 'LAG', 'FAILING', 'PARKED']
  return [...table(head, rows), ...[whyLine, deafLine, attributeLine].flatMap((line) => saidOnce(links, line))]
}

/** What is to be said of links: the same of many is said once, with the first of them and their number. */
function saidOnce(links: readonly LinkView[], say: (link: LinkView) => string | null): Lines {
  const said = Map.groupBy(links, say)
  return [...said].flatMap(([text, [first, ...more]]) => {
    if (text === null || first === undefined) return []
    return [`${first.linkId}${more.length === 0 ? '' : ` and ${countOf(more.length, 'more link')}`}: ${text}`]
  })
}

/** What holds it stands above, once for all that it holds. */
const whyLine = ({ state }: LinkView): string | null => (isHeld(state) ? null : reason(state))

const deafLine = ({ events }: LinkView): string | null => (events.kind === 'unavailable' ? eventsLine(events) : null)

/** That the pass stands still with a link that is held is the same thing said again. */
function attributeLine({ attributes, asOf, state }: LinkView): string | null {
  if (attributes === null) return null
  const shown = isHeld(state) ? { ...attributes, fault: null } : attributes
  return attributesLine(shown, { now: asOf, duration: durationText })
}

function reason(state: LinkState): string | null {
  return 'reason' in state ? `${sentence(state.reason)} ${state.remedy}` : null
}

function lag(oldestPendingAt: number | null, asOf: number): string {
  return oldestPendingAt === null ? '–' : durationText(asOf - oldestPendingAt)
}

function remedyOf(page: FailurePage, code: string): string {
  return page.rows.find((row) => row.fault.code === code)?.fault.remedy ?? 'see the console for its remedy'
}

export function sseCKeysLines(keys: readonly SseCKeyView[]): Lines {
  if (keys.length === 0) return ['No SSE-C keys yet.']
  const rows = keys.map(({ name, md5, from, isThere, usedByRules }) => [
    name,
    md5,
    isThere ? 'there' : 'LOST: enter it again',
    from === 'config' ? 'configuration' : 'given here',
    usedByRules.join(', ') || '–',
  ])
  return table(['NAME', 'MD5', 'STATE', 'FROM', 'RULES'], rows)
}
