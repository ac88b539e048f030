import { bucketFactIds, factWords, siteFactIds, siteFacts, type FactValue, type SiteFactId } from './site-facts.ts'

export type Vendor = 'minio' | 'rustfs' | 'ceph' | 'aws' | 'lockstep-sandbox' | 'other'

/**
 * One thing that is known of a site, or why it is not: a right that is missing makes it unknown, never a no.
 * `tried`: with canaries in `bucket`. `asked`: the site said so of `bucket`. `by-name`: that is what servers of this kind do.
 */
export interface SiteFact<I extends SiteFactId = SiteFactId> {
  /** null: unknown. */
  readonly value: FactValue<I> | null
  /** Why it is unknown, a sentence; null where it is known. */
  readonly why: string | null
  readonly how: 'tried' | 'asked' | 'by-name'
  /** null for what is not about a bucket. */
  readonly bucket: string | null
  /** Epoch ms; null: nobody looked yet. */
  readonly asOf: number | null
}

export type SiteFacts = { readonly [I in SiteFactId]: SiteFact<I> }

/** What one whole probe did and cost. */
export interface ProfileProbe {
  readonly bucket: string
  /** Epoch ms, at its end. */
  readonly at: number
  readonly requests: number
  readonly elapsedMs: number
  /** Why a canary could not be removed, a sentence; null when nothing is left behind. */
  readonly left: string | null
}

/** All that is known of a site besides its health: the one place for it. */
export interface SiteProfile {
  readonly vendor: Vendor
  /** As the site names itself (`Server`); null when it does not. */
  readonly server: string | null
  /** Epoch ms when it was last asked who it is. */
  readonly knownAt: number
  readonly facts: SiteFacts
  /** The last time that everything was tried; null: never. */
  readonly probe: ProfileProbe | null
}

const untold = 'Not looked at yet.'

const unlooked = { value: null, why: untold, how: 'tried', bucket: null, asOf: null } as const

/** Every fact, those that are not given as not looked at yet. */
export const completeFacts = (known: Readonly<Partial<Record<SiteFactId, SiteFact>>>): SiteFacts =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of all ids
  Object.fromEntries(siteFactIds.map((id) => [id, known[id] ?? unlooked])) as unknown as SiteFacts

/** The profile as it is of this bucket: what is of another alone is not looked at yet. */
export function profileIn(profile: SiteProfile, bucket: string): SiteProfile {
  const others = bucketFactIds.filter((id) => profile.facts[id].bucket !== bucket)
  return { ...profile, facts: { ...profile.facts, ...Object.fromEntries(others.map((id) => [id, unlooked])) } }
}

export interface FactLine {
  readonly id: SiteFactId
  readonly title: string
  readonly fact: SiteFact
  /** What is known, or why nothing is. */
  readonly words: string
}

/** The facts in their order, in words. */
export const factLines = (facts: SiteFacts): readonly FactLine[] =>
  siteFactIds.map((id) => {
    const fact: SiteFact = facts[id]
    const told = fact.value === null ? null : factWords(id, fact.value)
    return { id, title: siteFacts[id].title, fact, words: told ?? `Unknown: ${lowerFirst(fact.why ?? untold)}` }
  })

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** A fact that is another than it was. */
export interface FactDrift {
  readonly id: SiteFactId
  readonly before: SiteFact
  readonly after: SiteFact
}

/** What was known and is another thing now, or is known no longer: of the same bucket, as buckets of one site differ. */
export function driftOf(before: SiteFacts, after: SiteFacts): readonly FactDrift[] {
  return siteFactIds.flatMap((id) => {
    const [was, is]: [SiteFact, SiteFact] = [before[id], after[id]]
    const isOther = was.value !== null && was.bucket === is.bucket && was.value !== is.value
    return isOther ? [{ id, before: was, after: is }] : []
  })
}

/** `Versioning: Suspended: … (before: On: …)`. */
export function driftWords({ id, before, after }: FactDrift): string {
  const now = after.value === null ? `Unknown: ${lowerFirst(after.why ?? untold)}` : factWords(id, after.value)
  const was = before.value === null ? untold : factWords(id, before.value)
  return `${siteFacts[id].title}: ${now} Before: ${was}`
}
