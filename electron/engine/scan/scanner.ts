import { fault, type Fault } from '../../../shared/model/fault.ts'
import { compileKeyMatch, narrowerPrefix } from '../rule/match.ts'
import { pause, type Clock } from '../base/clock.ts'
import { HeldCount } from './held-count.ts'
import type { ScanLink, Scanner, ScannerOptions } from './port.ts'
import { ListingChecks } from './listing-checks.ts'
import { ParallelScan } from './parallel-scan.ts'
import { Recognition } from './source-recognition.ts'
import { parseCheckpoint } from './checkpoint.ts'

const defaultBacklogLimit = 200_000
const backlogPollMs = 1000

/** The merge scan of one link: the safety net behind every event feed, and the first copy. */
export function createScanner(options: ScannerOptions): Scanner {
  const { link, clock, checkpoint } = options
  const limit = options.backlogLimit ?? defaultBacklogLimit
  const covers = compileKeyMatch(link.rule.filter)
  const checks = new ListingChecks(options.onUnchecked ?? (() => undefined))
  return {
    async run({ reason, prefix: asked = '', signal, onProgress }) {
      const prefix = narrowerPrefix(link.rule.filter.prefix, asked)
      if (prefix === null) return { keys: 0, versions: 0, differences: 0, resumed: false }
      // A scan of a part must not disturb the checkpoint of the whole.
      const whole = prefix === link.rule.filter.prefix
      const begin = whole && reason === 'start' ? parseCheckpoint(await checkpoint.read(), prefix) : null
      const startedAt = clock.now()
      const isWatched = options.watch?.isWatched() ?? false
      const unwanted = reason === 'resync' ? undefined : options.isParked
      const held = new HeldCount()
      // An operator who asks for a full pass after a doubt was told what that means.
      const isDoubted = (await options.doubt?.read()) ?? false
      const confirmed = options.doubt === undefined || (isDoubted && whole && reason === 'resync')
      const lastScanAt = (await options.lastScan?.read()) ?? 0
      const recognition = new Recognition(confirmed ? 'unquestioned' : isDoubted ? 'doubted' : 'to-be-seen')
      const scan = new ParallelScan({
        ...options,
        enqueue: (tasks) => options.enqueue(tasks, startedAt),
        onKey: (source) => held.add(source),
        onUnchecked: (at) => checks.cannotCheck(at),
        prefix,
        covers,
        recognition,
        isParked: unwanted ?? (() => false),
        thorough: reason === 'resync',
        checkRate: checks.rate(reason === 'resync' || lastScanAt === 0),
        changedSince: lastScanAt,
        begin,
        signal,
        onProgress,
        room: () => roomInQueue(options.backlogCount, limit, clock, signal),
        save: whole ? (value) => checkpoint.write(value) : () => Promise.resolve(),
      })
      const counts = await checks
        .during(whole && begin === null, () => scan.run())
        // What lies before the checkpoint was concluded from the same listing.
        .finally(() => (whole && checks.isDistrusted ? checkpoint.write(null) : undefined))
      if (whole) await checkpoint.write(null)
      // A resumed scan did not look at what lies before its checkpoint: the full one that follows moves the mark.
      if (whole && begin === null) {
        if (recognition.holds !== isDoubted) await options.doubt?.write(recognition.holds)
        if (recognition.holds) return { ...counts, resumed: false, doubt: unrecognized(link) }
        options.onScanned?.(held.total, startedAt)
        await options.lastScan?.write(startedAt)
        if (isWatched) options.watch?.scanned(startedAt)
      }
      return { ...counts, resumed: begin !== null }
    },
  }
}

function unrecognized({ source }: ScanLink): Fault {
  const message = `Nothing of what was copied from bucket “${source.bucket}” is there any more. Nothing was deleted at the target for it.`
  return fault('SOURCE_UNRECOGNIZED', message, { site: source.site })
}

async function roomInQueue(count: () => number, limit: number, clock: Clock, signal: AbortSignal): Promise<void> {
  while (count() > limit) await pause(clock, backlogPollMs, signal)
}
