import { awkwardKeys } from './awkward-keys.ts'
import { Random } from './random.ts'

export interface ContentPlan {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  /** Epoch ms, whole seconds. */
  readonly expiresAt?: number
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** Seconds from the moment of the write, so that a plan does not depend on the day it runs. */
export interface LockPlan {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  readonly forSeconds: number
}

/** One change of one key. Changes of a key happen one after the other, in the order of the plan. */
export type Step =
  | { readonly kind: 'put'; readonly seed: number; readonly sizeBytes: number; readonly content: ContentPlan }
  | {
      readonly kind: 'multipart'
      readonly seed: number
      readonly partBytes: readonly number[]
      readonly content: ContentPlan
    }
  | { readonly kind: 'deleteMarker' }
  /** Removes for good the newest or the oldest version that this plan wrote. */
  | { readonly kind: 'deleteVersion'; readonly which: 'newest' | 'oldest' }
  | { readonly kind: 'tags'; readonly tags: Readonly<Record<string, string>> }
  | { readonly kind: 'retention'; readonly lock: LockPlan }
  | { readonly kind: 'legalHold'; readonly on: boolean }

export interface KeyPlan {
  readonly key: string
  readonly steps: readonly Step[]
}

export interface PlanOptions {
  readonly seed: number
  readonly keys: number
  /** The awkward shapes among the keys; default all that Ceph takes. */
  readonly oddKeys?: readonly string[]
  readonly keyPrefix?: string
  /** The bucket has object lock: retention and legal holds are written too. */
  readonly lock?: boolean
  readonly versionDeletes?: boolean
  /** Nothing more is done to a key after a step of these kinds. */
  readonly lastOfKey?: readonly Step['kind'][]
  /** Tag values of ASCII only: all that MinIO takes. */
  readonly asciiTags?: boolean
  /** Largest single PUT, bytes; multipart objects come on top. Default 5 MiB. */
  readonly maxPutBytes?: number
  /** Share of multipart objects, up to 20 MiB; default 0.005, at least one per plan. */
  readonly multipartShare?: number
}

const mebibyte = 1 << 20

/** A mixed workload as data: the same options give the same plan. */
export function planWorkload(options: PlanOptions): readonly KeyPlan[] {
  const random = new Random(options.seed)
  const odd = (options.oddKeys ?? awkwardKeys).slice(0, options.keys)
  return Array.from({ length: options.keys }, (_, index) => {
    const own = random.fork()
    const key = (options.keyPrefix ?? '') + (odd[index] ?? plainKey(own, index))
    return { key: cut(key), steps: planKey(own, options, index === odd.length) }
  })
}

function planKey(random: Random, options: PlanOptions, mustBeMultipart: boolean): readonly Step[] {
  const steps: Step[] = [firstWrite(random, options, mustBeMultipart)]
  // Two of three objects are written once and left alone, as in most buckets.
  for (let more = random.chance(0.35) ? random.int(1, 4) : 0; more > 0; more--) steps.push(laterStep(random, options))
  const last = steps.findIndex(({ kind }) => options.lastOfKey?.includes(kind) === true)
  return last < 0 ? steps : steps.slice(0, last + 1)
}

function firstWrite(random: Random, options: PlanOptions, mustBeMultipart: boolean): Step {
  const multipart = mustBeMultipart || random.chance(options.multipartShare ?? 0.005)
  return multipart ? planMultipart(random, options) : planPut(random, options)
}

function laterStep(random: Random, options: PlanOptions): Step {
  const roll = random.next()
  if (roll < 0.5) return planPut(random, options)
  if (roll < 0.7) return { kind: 'deleteMarker' }
  if (roll < 0.8 && options.versionDeletes === true) {
    return { kind: 'deleteVersion', which: random.pick(['newest', 'oldest'] as const) }
  }
  if (roll < 0.9 && options.lock === true) return planLock(random)
  return { kind: 'tags', tags: planTags(random, options) }
}

function planLock(random: Random): Step {
  if (random.chance(0.4)) return { kind: 'legalHold', on: random.chance(0.7) }
  return {
    kind: 'retention',
    lock: { mode: random.pick(['GOVERNANCE', 'COMPLIANCE']), forSeconds: random.int(600, 7200) },
  }
}

function planPut(random: Random, options: PlanOptions): Step {
  const sizeBytes = planSize(random, options.maxPutBytes ?? 5 * mebibyte)
  return { kind: 'put', seed: random.int(1, 0x7fff_ffff), sizeBytes, content: planContent(random, options) }
}

function planMultipart(random: Random, options: PlanOptions): Step {
  const part = random.pick([5, 5, 8]) * mebibyte
  const last = random.int(1, part)
  const full = Array.from({ length: random.int(1, part === 8 * mebibyte ? 1 : 3) }, () => part)
  return {
    kind: 'multipart',
    seed: random.int(1, 0x7fff_ffff),
    partBytes: [...full, last],
    content: planContent(random, options),
  }
}

/** Mostly small, as real buckets are: about 100 KiB on average, 4 in 100 empty, 1 in 100 above 1 MiB. */
function planSize(random: Random, maxBytes: number): number {
  const roll = random.next()
  if (roll < 0.04) return 0
  const ceiling = roll < 0.65 ? 4096 : roll < 0.93 ? 65_536 : roll < 0.99 ? mebibyte : 5 * mebibyte
  return random.int(1, Math.min(ceiling, maxBytes))
}

function planContent(random: Random, options: PlanOptions): ContentPlan {
  return {
    ...(random.chance(0.7) && {
      contentType: random.pick(['text/plain; charset=utf-8', 'image/png', 'application/json']),
    }),
    ...(random.chance(0.2) && { cacheControl: random.pick(['max-age=5', 'no-cache, no-store']) }),
    ...(random.chance(0.1) && { contentDisposition: 'attachment; filename="a b.txt"' }),
    // The bytes are not really compressed: it is the header that must travel, untouched.
    ...(random.chance(0.1) && { contentEncoding: 'gzip' }),
    ...(random.chance(0.1) && { contentLanguage: 'de, en' }),
    ...(random.chance(0.1) && { expiresAt: Date.UTC(2030, 0, random.int(1, 28)) }),
    metadata: random.chance(0.4) ? planMetadata(random) : {},
    tags: random.chance(0.2) ? planTags(random, options) : {},
  }
}

/** Names in lower case with dashes: Ceph turns all others into that. */
function planMetadata(random: Random): Record<string, string> {
  const metadata: Record<string, string> = { owner: `team-${random.int(1, 9)}` }
  if (random.chance(0.5)) metadata['a-b-c'] = 'Mixed Case, with; punctuation="x"'
  if (random.chance(0.3)) metadata['encoded'] = '=?UTF-8?B?5pel5pys?='
  if (random.chance(0.1)) metadata['long'] = 'x'.repeat(random.int(200, 900))
  return metadata
}

function planTags(random: Random, options: PlanOptions): Record<string, string> {
  const tags: Record<string, string> = {}
  for (let count = random.int(1, 10); count > 0; count--)
    tags[`tag ${count}`] = random.pick(['', 'v', options.asciiTags === true ? 'u x' : 'ü x', 'a+b=c:d/e@f'])
  return tags
}

function plainKey(random: Random, index: number): string {
  const folder = random.pick(['', 'logs/2026/', 'photos/ä/', 'backup/db/', 'a/b/c/d/'])
  return `${folder}object-${String(index).padStart(6, '0')}${random.pick(['', '.txt', '.tar.gz', ' (copy).jpg'])}`
}

/** Keys end at 1024 bytes; a prefix before the longest shapes would push them over. */
function cut(key: string): string {
  let short = key
  while (Buffer.byteLength(short) > 1024) short = short.slice(0, -1)
  return short
}
