import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { salvageValues } from '../journal/sqlite/salvage.ts'
import {
  claimJournal,
  journalPath,
  openCheckedJournal,
  openJournal,
  witnessPath,
} from '../journal/sqlite/sqlite-journal.ts'
import { renewedName } from '../link/link-book.ts'
import { takenOverPrefixes, takeOver, type TakenOver } from './taken-over.ts'

export interface Renewal extends TakenOver {
  /** Where the damaged files lie. */
  readonly aside: readonly string[]
  /** One sentence each. */
  readonly lost: readonly string[]
}

const parts = ['', '-wal', '-shm'] as const
/** Longer than any file takes to be looked through. */
const noLimitMs = 2 ** 31 - 1

const lost = [
  'Changes that waited to be copied, and the list of failures with their history: scans find again what is not in step.',
  'Deletes of single versions that had not reached their targets: those versions stay there, and a comparison shows them as extra.',
  'Which version at a target belongs to which at its source, where the site gives ids of its own: it is found out again by the ' +
    'content, and what cannot be told apart is never removed.',
  'Unfinished uploads at targets, and canaries of probes: remove them there by hand, or by a lifecycle rule.',
  'What the brakes had counted, and the charts.',
] as const

/**
 * Begins a new journal in the place of a damaged one. The damaged files are renamed, never deleted. Sites, rules and settings
 * that can still be read are taken over, each rule paused. Refuses with CONFLICT when the journal is whole.
 *
 * May be stopped anywhere: until the new journal is complete the old witness stands, and a start says that the journal is gone.
 */
export async function renewJournal(dir: string, now: () => number): Promise<Renewal> {
  await refuseIfWhole(dir, now)
  const release = claimJournal(dir)
  try {
    const at = now()
    const stamp = new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')
    const reason = `The journal was renewed on ${stamp.slice(0, 10)} after damage. Look at this rule, then resume it.`
    const taken = takeOver(salvageValues(sourceOf(dir), takenOverPrefixes), reason, at)
    const fresh = join(dir, 'journal.db.renewal')
    rmSync(fresh, { recursive: true, force: true })
    await write(fresh, taken, at, now)
    const aside = setAside(dir, stamp)
    renameSync(journalPath(fresh), journalPath(dir))
    renameSync(witnessPath(fresh), witnessPath(dir))
    rmSync(fresh, { recursive: true, force: true })
    return { ...taken, aside, lost }
  } finally {
    release()
  }
}

async function refuseIfWhole(dir: string, now: () => number): Promise<void> {
  if (!existsSync(dir)) throw new FaultError(fault('NOT_FOUND', `There is no directory ${dir}.`))
  try {
    await (await openCheckedJournal({ dir, now, limits: { checkLimitMs: noLimitMs } })).close()
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'JOURNAL_DAMAGED') return
    throw error
  }
  const remedy = 'Nothing was changed. Start Lockstep on it as it is.'
  throw new FaultError(
    fault('CONFLICT', `The journal ${journalPath(dir)} is whole: there is nothing to renew.`, { remedy }),
  )
}

/** The journal, or what an earlier renewal that was stopped has set aside of it. */
function sourceOf(dir: string): string {
  const path = journalPath(dir)
  if (existsSync(path)) return path
  const before = readdirSync(dir).filter((name) => /^journal\.db\.damaged-[\dT-]+$/.test(name))
  return join(dir, before.toSorted().at(-1) ?? 'journal.db')
}

async function write(fresh: string, taken: TakenOver, at: number, now: () => number): Promise<void> {
  const journal = openJournal({ dir: fresh, now })
  try {
    for (const [name, value] of taken.values) await journal.records.write(name, value)
    await journal.records.write(renewedName, { at })
    const text =
      `The journal was damaged and a new one was begun. Taken over: ${countOf(taken.siteIds, 'site')} and ` +
      `${countOf(taken.ruleIds, 'rule')}, paused. Lost: ${lost.join(' ')}`
    await journal.history.addActivity({
      at,
      level: 'warning',
      subject: 'engine',
      text,
      ruleId: null,
      siteId: null,
      fault: null,
    })
  } finally {
    await journal.close()
  }
}

const countOf = (ids: readonly string[], what: string): string =>
  `${ids.length} ${what}${ids.length === 1 ? '' : 's'}${ids.length === 0 ? '' : ` (${ids.join(', ')})`}`

/** The witness is copied: the old one stands until the new one takes its place. */
function setAside(dir: string, stamp: string): readonly string[] {
  const damaged = `${journalPath(dir)}.damaged-${stamp}`
  const moved = parts.filter((part) => existsSync(journalPath(dir) + part))
  for (const part of moved) renameSync(journalPath(dir) + part, damaged + part)
  if (existsSync(witnessPath(dir))) copyFileSync(witnessPath(dir), `${witnessPath(dir)}.damaged-${stamp}`)
  return moved.map((part) => damaged + part)
}
