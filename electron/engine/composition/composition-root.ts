import { randomBytes } from 'node:crypto'
import { openSealKey } from '../site/seal-key.ts'
import { joinFeeds } from './feeds.ts'
import { joinGateway } from './gateway.ts'
import { openGround, type Ground } from './ground.ts'
import { joinIntake } from './intake.ts'
import { joinLinks } from './links.ts'
import type { ComposedParts } from './composed-parts.ts'
import { joinNotices } from './notices.ts'
import type { EngineOptions } from './options.ts'
import { joinReactions, type Reactions } from './reactions.ts'
import { joinRecords } from './records.ts'
import { joinSites } from './sites.ts'
import { joinTransfers } from './transfers.ts'
import { joinViews } from './views.ts'

/** Everything the engine is made of, joined and not yet started. */
export type EngineParts = ComposedParts & Reactions

export async function composeEngine(options: EngineOptions): Promise<EngineParts> {
  const ground = await openGround(options)
  try {
    const seal = await openSealKey({ records: ground.journal.records, credentials: options.credentials, randomBytes })
    return await join(options, { ...ground, seal })
  } catch (error) {
    await ground.journal.close()
    throw error
  }
}

/** The composition root: each area takes what was made before it, and says what happens by events. */
async function join(options: EngineOptions, ground: Ground): Promise<EngineParts> {
  const told = { ...ground, ...joinNotices(ground) }
  const recorded = { ...told, ...(await joinRecords(options, told)) }
  const placed = { ...recorded, ...joinSites(options, recorded) }
  const linked = { ...placed, ...joinLinks(options, placed) }
  const admitted = { ...linked, ...joinIntake(linked) }
  const moving = { ...admitted, ...joinTransfers(admitted) }
  const fed = await joinFeeds(options, moving).catch(async (error: unknown) => {
    // Its threads would keep the process, which has nothing else to do any more.
    await linked.pool.stop()
    throw error
  })
  const seen = { ...moving, ...fed, ...joinViews({ ...moving, ...fed }) }
  const made = { ...seen, ...joinGateway(options, seen) }
  return { ...made, ...joinReactions(options, made) }
}
