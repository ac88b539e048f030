import type { Feeds } from './feeds.ts'
import type { GatewayPart } from './gateway.ts'
import type { Ground } from './ground.ts'
import type { JoinedIntake } from './intake.ts'
import type { JoinedLinks } from './links.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'
import type { Transfers } from './transfers.ts'
import type { Views } from './views.ts'

/** Everything the engine is made of, before anything of it is joined to what was made later. */
export type ComposedParts = Ground &
  Notices &
  Records &
  JoinedSites &
  JoinedLinks &
  JoinedIntake &
  Transfers &
  Feeds &
  Views &
  GatewayPart
