import { setTimeout as wait } from 'node:timers/promises'
import { compareBuckets, type BucketDifference } from '../compare/compare-buckets.ts'
import { versionsByKey, type Bucket, type ListedVersion } from '../compare/list-versions.ts'
import { NotAsked } from './engine-life.ts'
import type { SoakRule } from './rules.ts'
import type { SiteName, Stage } from './stage.ts'

// What the sites themselves have, read past the engine and past the bad network, by code that shares nothing with it.

type Listing = ReadonlyMap<string, readonly ListedVersion[]>

export const bucketAt = (stage: Stage, site: SiteName, rule: SoakRule): Bucket => ({
  site: stage[site].direct,
  bucket: rule.id,
})

export async function listingOf(from: Bucket, prefix = ''): Promise<Listing> {
  return await reached(async () => {
    const all = new Map<string, readonly ListedVersion[]>()
    for await (const { key, versions } of versionsByKey(from, prefix)) if (isClients(key)) all.set(key, versions)
    return all
  })
}

/** The engine's own probes come and go. */
const isClients = (key: string): boolean => !key.startsWith('.lockstep-canary/')

/** Keys whose version sequences (kind, size, ETag) are not the same, in words; of the keys that `wanted` wants. */
export function listingsApart(
  source: Listing,
  target: Listing,
  wanted: (key: string) => boolean,
): ReadonlyMap<string, string> {
  const apart = new Map<string, string>()
  for (const key of new Set([...source.keys(), ...target.keys()])) {
    if (!wanted(key)) continue
    const [there, here] = [source, target].map((side) => sequence(side.get(key) ?? []))
    if (there !== here) apart.set(key, `source has [${there}], target has [${here}]`)
  }
  return apart
}

export const sequence = (versions: readonly ListedVersion[]): string =>
  versions.map(({ kind, sizeBytes, etag }) => (kind === 'marker' ? kind : `${sizeBytes} B ${etag}`)).join(', ')

/** Where the keys differ when every version of them is read whole on both sides. */
export async function differencesOf(
  stage: Stage,
  rule: SoakRule,
  target: SiteName,
  keys: { readonly prefix?: string; readonly only: (key: string) => boolean },
): Promise<readonly BucketDifference[]> {
  const [from, to] = [bucketAt(stage, rule.source, rule), bucketAt(stage, target, rule)]
  const only = (key: string): boolean => isClients(key) && keys.only(key)
  return (await reached(() => compareBuckets(from, to, { ...keys, only, concurrency: 6 }))).differences
}

export const inWords = (differences: readonly BucketDifference[]): string =>
  differences
    .slice(0, 3)
    .map(
      ({ key, versionId, field, source, target }) =>
        `${key} ${versionId ?? ''} ${field}: ${JSON.stringify(source)} ≠ ${JSON.stringify(target)}`,
    )
    .join('; ')
    .slice(0, 1200)

/** A site that was ended comes back within two minutes; until then it is asked again. */
export async function reached<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + 120_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > until) throw new NotAsked(`a site could not be read: ${String(error)}`, { cause: error })
    }
    await wait(250)
  }
}
