import { changeStreams, vendorOf } from '../capabilities.ts'
import type { TargetIdentity } from '../capabilities.ts'
import type { UnsignedAnswer } from '../network.ts'
import type { SiteFactId } from '../../../../shared/model/site-facts.ts'
import type { SiteFact, SiteProfile } from '../../../../shared/model/site-profile.ts'
import { completeFacts } from '../../../../shared/model/site-profile.ts'
import type { BucketView } from '../../../../shared/model/site.ts'
import { askedFacts, type KnownFacts } from './probe-profile.ts'

/** What is known, with what the site says of itself to somebody who does not sign. How it tells of changes follows from its name. */
export function withServerAnswer(profile: SiteProfile | null, answer: UnsignedAnswer, now: number): SiteProfile {
  const vendor = vendorOf(answer)
  const events = { value: changeStreams[vendor], why: null, how: 'by-name', bucket: null, asOf: now } as const
  return {
    vendor,
    server: answer.headers['server'] ?? null,
    knownAt: now,
    facts: completeFacts({ ...profile?.facts, events }),
    probe: profile?.probe ?? null,
  }
}

export const withFacts = (profile: SiteProfile, found: KnownFacts): SiteProfile => ({
  ...profile,
  facts: completeFacts({ ...profile.facts, ...found }),
})

/** What a look at a target bucket for its version ids tells. */
export function identityFacts({ identity, ordersByMtime }: TargetIdentity, bucket: string, now: number): KnownFacts {
  if (identity === 'unknown') return {}
  const known = { why: null, how: 'tried', bucket, asOf: now } as const
  const order = ordersByMtime ? 'by-time' : 'by-arrival'
  const facts: Readonly<Record<'version-ids' | 'version-order', SiteFact>> = {
    'version-ids': { ...known, value: identity },
    'version-order': { ...known, value: order },
  }
  return facts
}

/** Kept no oftener than this while it says the same. */
const sameFactMs = 900_000

/** Of what a bucket said of itself, that which the profile has of this bucket and says otherwise, or has known for a while. */
export async function newerFacts({ facts }: SiteProfile, view: BucketView, now: number): Promise<KnownFacts> {
  const found = Object.entries(await askedFacts(view, now)) as [SiteFactId, SiteFact][]
  return Object.fromEntries(
    found.filter(([id, { value, bucket }]) => {
      const known: SiteFact = facts[id]
      return known.bucket === bucket && (known.value !== value || now - (known.asOf ?? 0) >= sameFactMs)
    }),
  )
}
