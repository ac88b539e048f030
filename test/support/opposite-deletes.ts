import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { FaultAction, FaultRule } from '../../electron/engine/sandbox/fault-switch.ts'
import { versionsByKey, type Bucket, type ListedVersion } from '../compare/list-versions.ts'
import { forEachAtMost } from './concurrency.ts'
import { Random } from './random.ts'

export type Side = 'a' | 'b'
const sides: readonly Side[] = ['a', 'b']

/** Where clients delete a key: who writes it is another matter. */
type Where = Side | 'both'
const wheres: readonly Where[] = ['a', 'b', 'both']

/**
 * Clients at two sites who write and delete the same keys at the same time. They know how many versions and markers each of
 * them made, and nothing of rules, pairs or journals.
 */
export class OppositeDeletes {
  readonly keys: readonly string[]
  readonly #random: Random
  readonly #client: (side: Side) => S3Client
  readonly #deletes: Record<Side, Map<string, number>> = { a: new Map(), b: new Map() }
  #count = 0

  constructor(seed: number, client: (side: Side) => S3Client, keys = 240) {
    this.#random = new Random(seed)
    this.#client = client
    this.keys = Array.from({ length: keys }, (_, index) => `${whereOf(index)} ${String(index).padStart(3, '0')}`)
  }

  deletes(side: Side, key: string): number {
    return this.#deletes[side].get(key) ?? 0
  }

  /** Each key once, at one of the sites. */
  async begin(): Promise<void> {
    await forEachAtMost(16, this.keys, (key) => this.#put(this.#random.pick(sides), key))
  }

  /** At both sites at once; what one of them does to a key is in order. */
  async act(): Promise<void> {
    const plans = this.keys.flatMap((key) => sides.map((side) => ({ key, side, acts: this.#plan(key, side) })))
    await forEachAtMost(24, plans, async ({ key, side, acts }) => {
      for (const act of acts) await (act === 'put' ? this.#put(side, key) : this.#delete(side, key))
    })
  }

  /** Answers to deletes that come late, or never, a few among many. */
  faults(answers: 'late' | 'lost' = 'late'): readonly { readonly at: Side; readonly rule: FaultRule }[] {
    return sides.flatMap((at) =>
      Array.from({ length: 60 }, () => ({
        at,
        rule: { on: 'DeleteObject' as const, after: this.#random.int(0, 300), times: 1, do: this.#answer(answers) },
      })),
    )
  }

  #answer(answers: 'late' | 'lost'): FaultAction {
    const late = { kind: 'late-answer', delayMs: this.#random.int(20, 600) } as const
    return answers === 'lost' && this.#random.chance(0.7) ? { kind: 'lose-answer' } : late
  }

  #plan(key: string, side: Side): readonly ('put' | 'delete')[] {
    const where = key.slice(0, key.indexOf(' '))
    const mayDelete = where === side || where === 'both'
    if (!mayDelete) return this.#random.chance(0.7) ? ['put'] : []
    return this.#random.pick([
      ['delete'],
      ['delete'],
      ['delete', 'put'],
      ['put', 'delete'],
      ['delete', 'put', 'delete'],
    ])
  }

  async #put(side: Side, key: string): Promise<void> {
    const Body = `content ${this.#count++}`
    await this.#client(side).send(new PutObjectCommand({ Bucket: 'data', Key: key, Body }))
  }

  async #delete(side: Side, key: string): Promise<void> {
    this.#deletes[side].set(key, this.deletes(side, key) + 1)
    try {
      await this.#client(side).send(new DeleteObjectCommand({ Bucket: 'data', Key: key }))
    } catch (error) {
      // Its answer was lost: it is done all the same.
      if (!isReset(error)) throw error
    }
  }
}

const isReset = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ECONNRESET'

const whereOf = (index: number): Where => wheres[index % wheres.length]!

export interface CheckedDeletes {
  readonly broken: readonly string[]
  /** Markers at both sites that no client's delete accounts for. */
  readonly tooMany: number
  /** Keys whose two sides do not show the same current version. */
  readonly apart: readonly string[]
}

/** By the comparer's listings of both sites. */
export async function checkDeletes(a: Bucket, b: Bucket, clients: OppositeDeletes): Promise<CheckedDeletes> {
  const listed = { a: await histories(a), b: await histories(b) }
  const broken: string[] = []
  const apart: string[] = []
  let tooMany = 0
  for (const key of clients.keys) {
    const [here, there] = sides.map((side) => listed[side].get(key) ?? [])
    const [ours, theirs] = [here!, there!].map((versions) => versions.filter(({ kind }) => kind === 'marker').length)
    const [most, least] = [
      clients.deletes('a', key) + clients.deletes('b', key),
      Math.max(clients.deletes('a', key), clients.deletes('b', key)),
    ]
    tooMany += Math.max(0, ours! - most) + Math.max(0, theirs! - most)
    // Deletes of both sites in one place may be one at one of them, and lie apart at the other, where an object came between.
    if ([ours!, theirs!].some((count) => count > most || count < least))
      broken.push(
        `${key}: markers ${ours} and ${theirs}, deletes ${clients.deletes('a', key)} and ${clients.deletes('b', key)}`,
      )
    if (contentsOf(here!) !== contentsOf(there!)) broken.push(`${key}: not the same contents`)
    if (shown(here!) !== shown(there!)) apart.push(key)
  }
  if (broken.length > 0) broken.push(`${tooMany} markers too many`)
  return { broken, tooMany, apart }
}

async function histories(bucket: Bucket): Promise<ReadonlyMap<string, readonly ListedVersion[]>> {
  const found = new Map<string, readonly ListedVersion[]>()
  for await (const { key, versions } of versionsByKey(bucket, '')) found.set(key, versions)
  return found
}

const contentsOf = (versions: readonly ListedVersion[]): string =>
  versions
    .flatMap(({ kind, etag }) => (kind === 'object' ? [etag] : []))
    .toSorted()
    .join()

const shown = ([current]: readonly ListedVersion[]): string | null => (current?.kind === 'object' ? current.etag : null)
