import { createHash } from 'node:crypto'
import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { Identity } from '../../../shared/model/site.ts'
import { faultFrom } from '../base/errors.ts'
import { pause, type Clock } from '../base/clock.ts'
import { canaryPrefix, listingNeighbours } from '../rule/canary-keys.ts'
import type { Lock, ObjectStore, Stored, VersionEntry } from '../store/port.ts'

export interface CanaryPorts {
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  /** Absent: a canary that a crash leaves behind stays until somebody deletes it. */
  readonly notes?: CanaryNotes
}

/** What outlives a crash: the keys under which canaries of one bucket may still lie. */
export interface CanaryNotes {
  keys(): Promise<readonly string[]>
  planned(key: string): Promise<void>
  gone(key: string): Promise<void>
}

const body = Buffer.from('A probe of Lockstep’s. It removes itself; if it is still here, it may be deleted.\n')
const etag = createHash('md5').update(body).digest('hex')
const lockedMs = 3_000
const writeLimitMs = 20_000
const removalLimitMs = 15_000

/** One key of its own in a bucket, and its neighbours, for trying what the bucket does. */
export class Canary {
  readonly key: string
  readonly #store: ObjectStore
  readonly #bucket: string
  readonly #ports: CanaryPorts
  readonly #lock: boolean

  constructor(store: ObjectStore, bucket: string, lock: boolean, ports: CanaryPorts, key?: string) {
    this.#store = store
    this.#bucket = bucket
    this.#ports = ports
    this.#lock = lock
    this.key = key ?? `${canaryPrefix}${uuid(ports.random)}`
  }

  /** Writes a small object; asks for `versionId` in the given style when it is not null. */
  async put(
    style: Identity,
    versionId: string | null,
    modifiedAt: number,
    signal: AbortSignal,
    neighbour: (typeof listingNeighbours)[number] | '' = '',
  ): Promise<Stored> {
    const lock = this.#lock ? await this.#shortLock(signal) : null
    const identity = versionId === null ? null : { style, versionId, modifiedAt, etag }
    signal.throwIfAborted()
    return this.#store.put(
      {
        bucket: this.#bucket,
        key: `${this.key}${neighbour}`,
        content: { contentType: 'text/plain; charset=utf-8' },
        metadata: {},
        tags: {},
        lock,
        storageClass: null,
        identity,
      },
      { sizeBytes: body.length, body },
      // Called off in the middle it could still be stored, after the canary was removed.
      { signal: AbortSignal.timeout(writeLimitMs) },
    )
  }

  /** Newest first, read by listing: a GET or HEAD may be answered by a site's own replication peer. */
  async versions(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<readonly VersionEntry[]> {
    return (await this.#all(store, bucket, signal)).filter((entry) => entry.key === this.key)
  }

  /** Its neighbours too. They fit on one page, which no site is known to cut. */
  async #all(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<readonly VersionEntry[]> {
    const own = new Set(['', ...listingNeighbours].map((neighbour) => `${this.key}${neighbour}`))
    const { entries } = await store.listVersions({ bucket, prefix: this.key }, { signal })
    return entries.filter(({ key }) => own.has(key))
  }

  /** Removes every version by its id. Resolves with the fault that left something behind. */
  async remove(): Promise<Fault | null> {
    const { clock } = this.#ports
    const deadlineAt = clock.now() + removalLimitMs
    // Not the caller's signal: a cancelled check cleans up all the same.
    const signal = AbortSignal.timeout(removalLimitMs * 2)
    for (;;) {
      const left = await this.#removeOnce(signal)
      if (left?.code !== 'OBJECT_LOCKED' || clock.now() >= deadlineAt) return left
      await pause(clock, 500, signal)
    }
  }

  async #removeOnce(signal: AbortSignal): Promise<Fault | null> {
    let left: Fault | null = null
    try {
      for (const { key, versionId } of await this.#all(this.#store, this.#bucket, signal)) {
        const ref = { bucket: this.#bucket, key, versionId }
        await this.#store.deleteVersion(ref, null, { signal }).catch((error: unknown) => {
          left = faultFrom(error, { operation: 'DeleteObject', bucket: this.#bucket })
        })
      }
    } catch (error) {
      left = faultFrom(error, { operation: 'ListObjectVersions', bucket: this.#bucket })
    }
    return left
  }

  /** A bucket's default retention could hold a canary for years: one of its own goes before the default. */
  async #shortLock(signal: AbortSignal): Promise<Lock> {
    const { siteTime } = await this.#store.ping({ signal })
    const until = new Date((siteTime ?? this.#ports.clock.now()) + lockedMs)
    return { mode: 'GOVERNANCE', retainUntil: until.toISOString().replace(/\.\d+/, ''), legalHold: false }
  }
}

export interface Released<T> {
  readonly value: T
  /** What kept the canary from being removed; null when all of it is gone. */
  readonly left: Fault | null
}

/** Lends a canary and removes all that was written under its key afterwards, also when `use` fails. */
export async function withCanary<T>(
  store: ObjectStore,
  bucket: string,
  ports: CanaryPorts,
  signal: AbortSignal,
  use: (canary: Canary, versioned: boolean) => Promise<T>,
): Promise<Released<T>> {
  const view = await store.bucket(bucket, { signal })
  if (view === null) throw new FaultError(fault('BUCKET_MISSING', `There is no bucket ${bucket}.`))
  for (const key of (await ports.notes?.keys()) ?? [])
    await removed(new Canary(store, bucket, view.objectLock, ports, key), ports)
  const canary = new Canary(store, bucket, view.objectLock, ports)
  await ports.notes?.planned(canary.key)
  let left: Fault | null = null
  let value: T
  try {
    value = await use(canary, view.versioning === 'Enabled')
  } finally {
    left = await removed(canary, ports)
  }
  return { value, left }
}

async function removed(canary: Canary, { notes }: CanaryPorts): Promise<Fault | null> {
  const left = await canary.remove()
  if (left === null) await notes?.gone(canary.key)
  return left
}

/** A version 4 UUID: the only shape of version id that MinIO takes. */
export function uuid(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return [8, 12, 16, 20, 32].map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end)).join('-')
}
