import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import { StrayNotes } from '../api/stray-notes.ts'
import { Jobs } from '../job/jobs.ts'
import { teller, type Tell } from '../log/activity.ts'
import type { Ground } from './ground.ts'

/** How a part tells consoles and the operator, and what was begun by hand. */
export interface Notices {
  readonly changed: (topic: LiveTopic) => void
  readonly tell: Tell
  readonly strays: StrayNotes
  readonly jobs: Jobs
}

export function joinNotices({ journal, events, log, now }: Ground): Notices {
  const changed = (topic: LiveTopic): void => void events.emit('changed', topic)
  const tell = teller(journal.history, log, now, () => changed('activity'))
  journal.tasks.onFailures(() => changed('failures'))
  return { changed, tell, strays: new StrayNotes(tell, now), jobs: new Jobs(now, () => changed('jobs')) }
}
