import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import { teller, type Tell } from '../log/activity.ts'
import { LiveUpdates } from '../api/live-updates.ts'
import { StrayNotes } from '../api/stray-notes.ts'
import type { EngineParts } from './parts.ts'
import type { Ground } from './ground.ts'

/** How a part tells consoles and the operator. */
export interface Notices {
  readonly liveUpdates: LiveUpdates
  readonly changed: (topic: LiveTopic) => void
  readonly tell: Tell
  readonly strays: StrayNotes
}

/** What a batch carries is read when somebody watches: long after everything is joined. */
type Watched = Pick<EngineParts, 'overview' | 'dispatcher'>

const transfersShown = 200

export function joinNotices({ journal, log, now }: Ground, later: () => Watched): Notices {
  const read = (): ReturnType<ConstructorParameters<typeof LiveUpdates>[0]> => {
    const { overview, dispatcher } = later()
    return { overview: overview(), transfers: dispatcher.transfers(transfersShown) }
  }
  const liveUpdates = new LiveUpdates(read, now)
  const changed = (topic: LiveTopic): void => liveUpdates.changed(topic)
  const tell = teller(journal.history, log, now, () => changed('activity'))
  journal.tasks.onFailures(() => changed('failures'))
  return { liveUpdates, changed, tell, strays: new StrayNotes(tell, now) }
}
