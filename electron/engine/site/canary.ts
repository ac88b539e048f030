import { createHash } from 'node:crypto'
import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { BucketView, Identity } from '../../../shared/model/site.ts'
import { faultFrom } from '../base/errors.ts'
import { pause, type Clock } from '../base/clock.ts'
import { canaryNeighbours, canaryPrefix } from '../rule/canary-keys.ts'
import type { Lock, NewVersion, ObjectStore, PutOptions, Stored, UploadedPart, VersionEntry } from '../store/port.ts'

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

export const canaryBody = Buffer.from(
  'A probe of Lockstep’s. It removes itself; if it is still here, it may be deleted.\n',
)
const etag = createHash('md5').update(canaryBody).digest('hex')
const lockedMs = 3_000
const writeLimitMs = 20_000
const removalLimitMs = 15_000
/** Of listing and removing, besides the waits for a lock. */
const passesAtMost = 4

/** What a canary carries besides its bytes; everything left out is plain. */
export type CanaryContent = Partial<Omit<NewVersion, 'bucket' | 'key' | 'lock'>>
type CanaryVersion = Pick<VersionEntry, 'key' | 'versionId'>

/** One key of its own in a bucket, and its neighbours, for trying what the bucket does. */
export class Canary {
  readonly key: string
  readonly #store: ObjectStore
  readonly #bucket: string
  readonly #ports: CanaryPorts
  readonly #locksByDefault: boolean
  /** What the site said that it took: some list only a part of what they have. */
  #written: readonly CanaryVersion[] = []
  /** Another life of the engine wrote it: the listing alone tells what. */
  readonly #isFound: boolean
  /** Something was sent under the key, whatever became of it. */
  #mayLie: boolean

  /** `locksByDefault`: the bucket puts a retention on what is written without one. */
  constructor(store: ObjectStore, bucket: string, locksByDefault: boolean, ports: CanaryPorts, key?: string) {
    this.#store = store
    this.#bucket = bucket
    this.#ports = ports
    this.#locksByDefault = locksByDefault
    this.key = key ?? `${canaryPrefix}${uuid(ports.random)}`
    this.#isFound = key !== undefined
    this.#mayLie = this.#isFound
  }

  /** Writes a small object; asks for `versionId` in the given style when it is not null. */
  async put(style: Identity, versionId: string | null, modifiedAt: number, signal: AbortSignal): Promise<Stored> {
    const identity = versionId === null ? null : { style, versionId, modifiedAt, etag }
    return this.write('', { identity }, signal)
  }

  /** Writes the same small object under the key and one of the names behind it (`canaryNeighbours`). */
  async write(
    neighbour: string,
    content: CanaryContent,
    signal: AbortSignal,
    options: Pick<PutOptions, 'ifAbsent'> = {},
  ): Promise<Stored> {
    const version = await this.#version(neighbour, content, signal)
    const body = { sizeBytes: canaryBody.length, body: canaryBody }
    signal.throwIfAborted()
    return this.#remembered(version.key, await this.#store.put(version, body, { ...options, ...uncancelled() }))
  }

  async deleteMarker(neighbour: string, signal: AbortSignal): Promise<Stored> {
    const key = `${this.key}${neighbour}`
    signal.throwIfAborted()
    const marker = await this.#store.writeDeleteMarker({ bucket: this.#bucket, key }, null, uncancelled())
    return this.#remembered(key, marker)
  }

  /** Deletes one version that was written under the key itself. */
  async takeBack({ versionId }: Stored): Promise<void> {
    const ref = { bucket: this.#bucket, key: this.key, versionId: versionId ?? 'null' }
    await this.#store.deleteVersion(ref, null, uncancelled())
    this.#written = this.#written.filter((one) => !isAmong([ref], one))
  }

  /** The same bytes as an upload of one part. What is begun is ended, as an object or not at all. */
  async upload(signal: AbortSignal): Promise<Stored> {
    const version = await this.#version('', {}, signal)
    signal.throwIfAborted()
    const upload = await this.#store.createUpload(version, uncancelled())
    try {
      const body = { sizeBytes: canaryBody.length, body: canaryBody }
      const part: UploadedPart = await this.#store.uploadPart(upload, 1, body, uncancelled())
      const stored = await this.#store.completeUpload(upload, [part], null, canaryBody.length, uncancelled())
      return this.#remembered(version.key, stored)
    } catch (error) {
      await this.#store.abortUpload(upload, uncancelled()).catch(() => undefined)
      throw error
    }
  }

  async #version(neighbour: string, content: CanaryContent, signal: AbortSignal): Promise<NewVersion> {
    this.#mayLie = true
    return {
      content: { contentType: 'text/plain; charset=utf-8' },
      metadata: {},
      tags: {},
      storageClass: null,
      identity: null,
      ...content,
      bucket: this.#bucket,
      key: `${this.key}${neighbour}`,
      lock: this.#locksByDefault ? await this.#shortLock(signal) : null,
    }
  }

  #remembered(key: string, stored: Stored): Stored {
    this.#written = [...this.#written, { key, versionId: stored.versionId ?? 'null' }]
    return stored
  }

  /** Newest first, read by listing: a GET or HEAD may be answered by a site's own replication peer. */
  async versions(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<readonly VersionEntry[]> {
    return (await this.all(store, bucket, signal)).filter((entry) => entry.key === this.key)
  }

  /** Its neighbours too. They fit on one page, which no site is known to cut. */
  async all(store: ObjectStore, bucket: string, signal: AbortSignal): Promise<readonly VersionEntry[]> {
    const own = new Set(['', ...canaryNeighbours].map((neighbour) => `${this.key}${neighbour}`))
    const { entries } = await store.listVersions({ bucket, prefix: this.key }, { signal })
    return entries.filter(({ key }) => own.has(key))
  }

  /** Removes every version by its id. Resolves with the fault that left something behind. */
  async remove(): Promise<Fault | null> {
    const { clock } = this.#ports
    const deadlineAt = clock.now() + removalLimitMs
    // Not the caller's signal: a cancelled check cleans up all the same.
    const signal = AbortSignal.timeout(removalLimitMs * 2)
    if (!this.#mayLie) return null
    for (let passes = 1; ; passes++) {
      const { left, removed } = await this.#removeOnce(signal)
      if (this.#isFound && left === null && removed > 0 && passes < passesAtMost) continue
      if (left?.code !== 'OBJECT_LOCKED' || clock.now() >= deadlineAt) return left
      await pause(clock, 500, signal)
    }
  }

  /** What is seen now: MinIO shows a key that lies below another only when the other one is gone. */
  async #removeOnce(signal: AbortSignal): Promise<{ readonly left: Fault | null; readonly removed: number }> {
    let left: Fault | null = null
    const listed = await this.all(this.#store, this.#bucket, signal).catch((error: unknown) => {
      left = faultFrom(error, { operation: 'ListObjectVersions', bucket: this.#bucket })
      return []
    })
    const unlisted = this.#written.filter((one) => !isAmong(listed, one))
    this.#written = []
    for (const { key, versionId } of [...listed, ...unlisted]) {
      const ref = { bucket: this.#bucket, key, versionId }
      await this.#store.deleteVersion(ref, null, { signal }).catch((error: unknown) => {
        left = faultFrom(error, { operation: 'DeleteObject', bucket: this.#bucket })
        this.#written = [...this.#written, { key, versionId }]
      })
    }
    return { left, removed: listed.length }
  }

  /** A bucket's default retention could hold a canary for years: one of its own goes before the default. */
  async #shortLock(signal: AbortSignal): Promise<Lock> {
    const { siteTime } = await this.#store.ping({ signal })
    const until = new Date((siteTime ?? this.#ports.clock.now()) + lockedMs)
    return { mode: 'GOVERNANCE', retainUntil: until.toISOString().replace(/\.\d+/, ''), legalHold: false }
  }
}

// Called off in the middle it could still be stored, after the canary was removed.
const uncancelled = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(writeLimitMs) })

const isAmong = (entries: readonly CanaryVersion[], { key, versionId }: CanaryVersion): boolean =>
  entries.some((entry) => entry.key === key && entry.versionId === versionId)

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
  return withCanaryIn(store, view, ports, (canary) => use(canary, view.versioning === 'Enabled'))
}

/** {@link withCanary}, in a bucket that was looked at. */
export async function withCanaryIn<T>(
  store: ObjectStore,
  view: BucketView,
  ports: CanaryPorts,
  use: (canary: Canary) => Promise<T>,
): Promise<Released<T>> {
  const { name: bucket, locksByDefault = false } = view
  for (const key of (await ports.notes?.keys()) ?? [])
    await removed(new Canary(store, bucket, locksByDefault, ports, key), ports)
  const canary = new Canary(store, bucket, locksByDefault, ports)
  await ports.notes?.planned(canary.key)
  let left: Fault | null = null
  let value: T
  try {
    value = await use(canary)
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
