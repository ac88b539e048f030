import type { SiteProfile } from './site-profile.ts'
import type { Capabilities } from './site.ts'

/** What the rest of the engine goes by, read from the profile. */
export function capabilitiesOf({ vendor, knownAt, facts }: SiteProfile): Capabilities {
  return {
    vendor,
    identity: facts['version-ids'].value ?? 'unknown',
    ordersByMtime: facts['version-order'].value === 'by-time',
    changeStream: facts.events.value ?? 'none',
    probedAt: knownAt,
  }
}
