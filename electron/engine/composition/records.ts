import { openSettings, type EngineSettings } from '../config/settings.ts'
import { RuleBook } from '../rule/rule-book.ts'
import type { TaskQueue } from '../queue/port.ts'
import { TaskEnds } from '../queue/task-ends.ts'
import { createQueue } from '../queue/task-queue.ts'
import type { EngineOptions } from './options.ts'
import type { Ground } from './ground.ts'

/** What the journal keeps for the engine: tasks, rules and settings. */
export interface Records {
  readonly queue: TaskQueue
  readonly taskEnds: TaskEnds
  readonly rules: RuleBook
  readonly settings: EngineSettings
}

export async function joinRecords(
  { retry, config }: EngineOptions,
  { journal, events, now, random }: Ground,
): Promise<Records> {
  return {
    queue: createQueue({ tasks: journal.tasks, atOnce: journal.atOnce, now, random, retry }),
    taskEnds: new TaskEnds((seq) => {
      const task = journal.atOnce.task(seq)
      return task !== null && task.state !== 'lingering'
    }),
    rules: await RuleBook.open(journal.records, now),
    settings: await openSettings(journal.records, config, (workers) => void events.emit('workers-changed', workers)),
  }
}
