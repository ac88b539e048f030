import { compareBuckets, type BucketDifference, type CompareOptions } from '../compare/compare-buckets.ts'
import type { World } from './world.ts'

export interface InStepOptions extends CompareOptions {
  /** Default `data`. */
  readonly bucket?: string
}

/** Where the two sides of a world differ, version by version, by the comparer that shares no code with the engine. */
export async function differences(world: World, options: InStepOptions = {}): Promise<readonly BucketDifference[]> {
  const { bucket = 'data', ...rest } = options
  const compared = await compareBuckets({ site: world.a, bucket }, { site: world.b, bucket }, rest)
  // A probe in a bucket with object lock stays for the seconds of its own retention.
  return compared.differences.filter(({ key }) => !key.startsWith('.lockstep-canary/'))
}

/** Waits until nothing is pending, then {@link differences}. */
export async function differencesOnceSettled(
  world: World,
  options: InStepOptions = {},
): Promise<readonly BucketDifference[]> {
  await world.settled(40_000)
  return differences(world, options)
}
