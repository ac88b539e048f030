import { z } from 'zod'
import type { Operation } from '../../../shared/model/task.ts'
import type { Change } from './port.ts'

/**
 * How an event writes the key. `raw`: as it is (MinIO's listen stream); `form`: URL-encoded with `+` for a space (webhooks
 * of AWS, MinIO and RustFS, RustFS's listen stream); `either`: Ceph, raw in some versions and percent-encoded in others.
 */
export type KeyEncoding = 'raw' | 'form' | 'either'

export interface ParsedEvents {
  readonly changes: readonly Change[]
  /** Records that made no sense: what they told is lost, a scan must find it. */
  readonly unreadable: number
}

export interface EventContext {
  readonly siteId: string
  /** For webhooks null: each record names its sender, and that settles it. */
  readonly encoding: KeyEncoding | null
  /** Stands in where a record has no time. */
  readonly receivedAt: number
}

const recordSchema = z.object({
  eventName: z.string(),
  eventSource: z.string().default(''),
  eventTime: z.string().default(''),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.union([z.number(), z.string()]).optional(),
      versionId: z.string().optional(),
      eTag: z.string().optional(),
    }),
  }),
})
type EventRecord = z.infer<typeof recordSchema>

/** Only pings and test events come without records. */
const envelopeSchema = z.object({ Records: z.array(z.unknown()).nullish() })

/** Reads one notification document of AWS, Ceph, MinIO or RustFS. Events that do not change an object are left out. */
export function parseEvents(document: unknown, context: EventContext): ParsedEvents {
  if (document === null) return { changes: [], unreadable: 0 }
  const envelope = envelopeSchema.safeParse(document)
  if (!envelope.success) return { changes: [], unreadable: 1 }
  const changes: Change[] = []
  let unreadable = 0
  for (const value of envelope.data.Records ?? []) {
    const record = recordSchema.safeParse(value)
    if (record.success) changes.push(...changesOf(record.data, context))
    else unreadable += 1
  }
  return { changes, unreadable }
}

function changesOf(record: EventRecord, context: EventContext): readonly Change[] {
  const operation = operationOf(record)
  if (operation === null) return []
  const { bucket, object } = record.s3
  const sizeBytes = object.size === undefined || object.size === '' ? Number.NaN : Number(object.size)
  const at = Date.parse(record.eventTime)
  return keysOf(object.key, context.encoding ?? encodingOf(record.eventSource)).map((key) => ({
    siteId: context.siteId,
    bucket: bucket.name,
    key,
    versionId: versionOf(record),
    operation,
    sizeBytes: operation === 'put' && Number.isSafeInteger(sizeBytes) ? sizeBytes : null,
    changedAt: Number.isNaN(at) ? context.receivedAt : at,
  }))
}

const versionOf = ({ s3 }: EventRecord): string | null =>
  s3.object.versionId === '' ? null : (s3.object.versionId ?? null)

function encodingOf(eventSource: string): KeyEncoding {
  return /^(?:aws|minio|rustfs):/.test(eventSource) ? 'form' : 'either'
}

/** Where the encoding cannot be told, both readings are offered: the worker looks, and finds nothing behind the wrong one. */
function keysOf(key: string, encoding: KeyEncoding): readonly string[] {
  if (encoding === 'raw') return [key]
  if (encoding === 'form') return [decoded(key.replaceAll('+', ' ')) ?? key]
  const other = decoded(key)
  return other === null || other === key ? [key] : [key, other]
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Names without `s3:`, which Ceph and AWS leave out. The first match decides; null is no change to an object. */
const operations: readonly (readonly [RegExp, Operation | null])[] = [
  // Tags, retention and legal hold touch a version that is there already (MinIO's and AWS's names).
  [/^ObjectCreated:(?:PutTagging|DeleteTagging|PutRetention|PutLegalHold)$|^ObjectTagging:|^ObjectAcl:/, 'metadata'],
  [/^ObjectCreated:/, 'put'],
  // Another zone's multisite brought it here: for us a new version like any other.
  [/^ObjectSynced:Create$/, 'put'],
  [/^(?:ObjectRemoved|LifecycleExpiration):DeleteMarkerCreated$/, 'deleteMarker'],
  // A delete of what was not there.
  [/^ObjectRemoved:NoOP$/, null],
  [
    /^ObjectRemoved:|^LifecycleExpiration:|^LifecycleDelMarkerExpiration|^ObjectLifecycle:Expiration:NonCurrent$/,
    'deleteVersion',
  ],
  [/^ObjectLifecycle:Expiration:Current$/, 'deleteMarker'],
  [/^ObjectLifecycle:Expiration:DeleteMarker$/, 'deleteVersion'],
]

function operationOf(record: EventRecord): Operation | null {
  const name = record.eventName.replace(/^s3:/, '')
  // Ceph tells the start of a multipart upload as a POST; there is no object yet, and no ETag.
  if (name === 'ObjectCreated:Post' && (record.s3.object.eTag ?? '') === '') return null
  const operation = operations.find(([pattern]) => pattern.test(name))?.[1] ?? null
  // Without a version id the bucket keeps none: the object itself is gone, as below a delete marker.
  return operation === 'deleteVersion' && versionOf(record) === null ? 'deleteMarker' : operation
}
