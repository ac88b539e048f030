import { EventEmitter } from 'node:events'
import { systemClock, type Clock } from '../base/clock.ts'
import { openKeptBooks, type KeptBooks } from '../journal/kept-books.ts'
import type { Journal } from '../journal/port/journal.ts'
import { openCheckedJournal } from '../journal/sqlite/sqlite-journal.ts'
import { createLogger, type Logger } from '../log/logger.ts'
import { watchEventLoop, type EventLoopGauge } from '../metrics/event-loop.ts'
import { systemNetwork, type Network } from '../site/network.ts'
import type { SealKey } from '../replicate/marks/seal.ts'
import type { TaskEmitter, TaskEvents } from '../worker/task-events.ts'
import { createEngineEvents, type EngineEmitter } from './events.ts'
import type { EngineOptions } from './options.ts'

/** What every part stands on: the journal, and the world outside the engine. */
export interface Ground {
  readonly journal: Journal
  readonly kept: KeptBooks
  readonly events: EngineEmitter
  readonly tasks: TaskEmitter
  readonly log: Logger
  readonly network: Network
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  readonly now: () => number
  readonly startedAt: number
  readonly eventLoop: EventLoopGauge
  /** What the marks of replicas are sealed with; null when that cannot be read. */
  readonly seal: SealKey | null
}

/** Takes the data directory: one engine at a time. */
export async function openGround(options: EngineOptions): Promise<Omit<Ground, 'seal'>> {
  const now = (): number => systemClock.now()
  const startedAt = now()
  const journal = await openCheckedJournal({
    dir: options.dataDir,
    now,
    log: options.log,
    limits: options.journalLimits ?? {},
  })
  return {
    journal,
    kept: await readKept(journal),
    events: createEngineEvents(),
    tasks: new EventEmitter<TaskEvents>(),
    log: createLogger(options.log),
    network: systemNetwork,
    clock: systemClock,
    random: Math.random,
    now,
    startedAt,
    eventLoop: watchEventLoop(startedAt),
  }
}

async function readKept(journal: Journal): Promise<KeptBooks> {
  try {
    return await openKeptBooks(journal)
  } catch (error) {
    await journal.close()
    throw error
  }
}
