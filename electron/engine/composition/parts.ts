import { randomBytes } from 'node:crypto'
import { followRules } from './follow-rules.ts'
import { joinFeeds, type Feeds } from './feeds.ts'
import { joinGateway, type GatewayPart } from './gateway.ts'
import { openGround, type Ground } from './ground.ts'
import { joinNotices, type Notices } from './notices.ts'
import { joinRecords, type Records } from './records.ts'
import { joinSites, type JoinedSites } from './sites.ts'
import { joinTransfers, type Transfers } from './transfers.ts'
import { joinViews, type Views } from './views.ts'
import { openSealKey } from '../site/seal-key.ts'
import type { EngineOptions } from './options.ts'

/** Everything the engine is made of, joined and not yet started. */
export interface EngineParts extends Ground, Notices, Records, JoinedSites, Transfers, Feeds, Views, GatewayPart {
  /** To be called after every change of the rule book. */
  readonly follow: () => Promise<void>
}

export async function openParts(options: EngineOptions): Promise<EngineParts> {
  const ground = await openGround(options)
  try {
    const seal = await openSealKey({ records: ground.journal.records, credentials: options.credentials, randomBytes })
    return await join(options, { ...ground, seal })
  } catch (error) {
    await ground.journal.close()
    throw error
  }
}

/** Each area takes what was made before it. What it needs of a later one it reaches through `later`, never at once. */
async function join(options: EngineOptions, ground: Ground): Promise<EngineParts> {
  const later = (): EngineParts => parts
  const notices = joinNotices(ground, later)
  const records = await joinRecords(options, { ...ground, ...notices }, later)
  const sites = joinSites(options, { ...ground, ...notices, ...records }, later)
  const transfers = joinTransfers(options, { ...ground, ...notices, ...records, ...sites }, later)
  const feeds = await joinFeeds(options, { ...ground, ...notices, ...records, ...sites, ...transfers }, later).catch(
    async (error: unknown) => {
      // Its threads would keep the process, which has nothing else to do any more.
      await transfers.pool.stop()
      throw error
    },
  )
  const views = joinViews({ ...ground, ...notices, ...records, ...sites, ...transfers, ...feeds })
  const gateway = joinGateway(options, { ...ground, ...notices, ...records, ...sites, ...transfers, ...feeds })
  const parts: EngineParts = {
    ...ground,
    ...notices,
    ...records,
    ...sites,
    ...transfers,
    ...feeds,
    ...views,
    ...gateway,
    follow: () => followRules(parts),
  }
  return parts
}
