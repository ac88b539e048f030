import type { EngineApi, WaitResult } from '../../../shared/api/engine-api.ts'
import type { LinkView } from '../../../shared/model/rule.ts'
import { heldCauses, isSettled } from '../../../shared/model/sync-state.ts'
import type { ReadsAtOnce } from '../journal/port/tasks.ts'
import type { Convergence } from '../link/convergence/convergence.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'

interface WaitParts {
  readonly links: Links
  readonly atOnce: Pick<ReadsAtOnce, 'totals'>
  /** null for a link without an opposite. */
  readonly convergence: (link: Link) => Convergence | null
  /** Scans both sides of a link from the first key to the last; rejects when a site cannot be listed. */
  readonly scan: (linkId: string, signal: AbortSignal) => Promise<unknown>
  readonly view: (link: Link) => LinkView
  readonly now: () => number
}

const lookEveryMs = 50
const scanAgainMs = 1000

/**
 * Settled as `isSettled` says: a scan that began after the question found nothing more, nothing is pending, lingers, is held or out of
 * sight, and both sides of opposite rules show the same. An empty queue alone would not say so, because changes that nobody noticed yet are not in it. Keys that do not
 * converge are told at once when nothing else is waited for: no time brings them together.
 */
export function waitApi(parts: WaitParts): EngineApi['wait'] {
  const { links, now } = parts
  return {
    async settled({ ruleId, timeoutMs }, signal) {
      const waited = links.list().filter((link) => link.rule.enabled && (ruleId === null || link.ruleId === ruleId))
      const until = now() + timeoutMs
      const ends = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])])
      const scanned = await Promise.all(waited.map((link) => scannedBy(link, ends, parts)))
      const seen = scanned.every(Boolean)
      for (;;) {
        const { isQuiet, ...state } = stateOf(waited, seen, parts)
        if (isQuiet || now() >= until || ends.aborted) return state
        await pause(lookEveryMs)
      }
    },
  }
}

/** Quiet: waiting longer changes nothing, whether it is settled or not. */
function stateOf(
  waited: readonly Link[],
  seen: boolean,
  { atOnce, convergence, view }: WaitParts,
): WaitResult & { readonly isQuiet: boolean } {
  const totals = waited.map((link) => atOnce.totals(link.linkId))
  const pending = totals.reduce((sum, total) => sum + total.backlogCount + total.lingering, 0)
  const parked = totals.reduce((sum, total) => sum + total.parked, 0)
  const paired = waited.map(convergence).filter((one) => one !== null)
  const notConverging = Math.max(0, ...paired.map(({ count }) => count))
  const views = waited.map(view)
  // A link that is still finding out what its sites are copies nothing: what it would say of them is not known yet.
  const isFindingOut = views.some(({ state }) => state.kind === 'waiting')
  const isQuiet =
    seen && pending === 0 && !isFindingOut && paired.every(({ isKnown, doubts }) => isKnown && doubts === 0)
  const held = heldCauses(views)
  const unknown = views.filter((link) => link.unknown !== null).length
  const settled = isQuiet && isSettled({ seen, pending, unknown, held: held.length, notConverging })
  return { settled, pending, parked, notConverging, unknown, held, isQuiet: isQuiet && unknown + held.length === 0 }
}

/** A site may be down just now: asked again until it answers or the time is up. False: it never did. */
async function scannedBy(link: Link, ends: AbortSignal, { scan }: WaitParts): Promise<boolean> {
  while (!ends.aborted) {
    try {
      await scan(link.linkId, ends)
      return true
    } catch {
      await pause(scanAgainMs)
    }
  }
  return false
}

const pause = (delayMs: number): Promise<void> => new Promise((wake) => setTimeout(wake, delayMs))
