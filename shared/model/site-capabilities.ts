import type { SiteFact, SiteFacts, SiteProfile } from './site-profile.ts'
import type { SiteTraits } from './site-traits.ts'
import type { Capabilities } from './site.ts'

/**
 * The answers that a trait stands for. Not checksums: those of an upload in parts were not tried, and a site that refuses them
 * refuses the object.
 */
const traitAnswers = [
  ['anyTagText', 'tags', { any: true, narrow: false }],
  ['emptyMetadata', 'empty-metadata', { kept: true, dropped: false }],
  ['tellsParts', 'part-sizes', { told: true, 'not-told': false }],
  ['listsNested', 'nested-keys', { kept: true, refused: true, unlisted: false }],
] as const satisfies readonly (readonly [keyof SiteTraits, keyof SiteFacts, Readonly<Record<string, boolean>>])[]

function measuredTraits(facts: SiteFacts): Partial<SiteTraits> {
  const found = traitAnswers.flatMap(([trait, id, answers]) => {
    const { value }: SiteFact = facts[id]
    const answer = value === null ? undefined : new Map<string, boolean>(Object.entries(answers)).get(value)
    return answer === undefined ? [] : [[trait, answer] as const]
  })
  return Object.fromEntries(found)
}

/** What the rest of the engine goes by, read from the profile. */
export function capabilitiesOf({ vendor, knownAt, facts }: SiteProfile): Capabilities {
  return {
    vendor,
    identity: facts['version-ids'].value ?? 'unknown',
    ordersByMtime: facts['version-order'].value === 'by-time',
    changeStream: facts.events.value ?? 'none',
    measured: measuredTraits(facts),
    probedAt: knownAt,
  }
}
