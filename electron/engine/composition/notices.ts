import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import { teller, type Tell } from '../log/activity.ts'
import { Announcer } from '../api/live-updates.ts'
import { StrayNotes } from '../api/stray-notes.ts'
import type { Parts } from './parts.ts'
import type { Ground } from './ground.ts'

/** How a part tells consoles and the operator. */
export interface Notices {
  readonly announcer: Announcer
  readonly changed: (topic: LiveTopic) => void
  readonly tell: Tell
  readonly strays: StrayNotes
}

/** What a batch carries is read when somebody watches: long after everything is joined. */
type Watched = Pick<Parts, 'overview' | 'dispatcher'>

const transfersShown = 200

export function joinNotices({ journal, log, now }: Ground, later: () => Watched): Notices {
  const read = (): ReturnType<ConstructorParameters<typeof Announcer>[0]> => {
    const { overview, dispatcher } = later()
    return { overview: overview(), transfers: dispatcher.transfers(transfersShown) }
  }
  const announcer = new Announcer(read, now)
  const changed = (topic: LiveTopic): void => announcer.changed(topic)
  const tell = teller(journal.history, log, now, () => changed('activity'))
  journal.onFailures(() => changed('failures'))
  return { announcer, changed, tell, strays: new StrayNotes(tell, now) }
}
