import type { Query } from '../s3/query.ts'

/** One thing that happened to one object. */
export interface ObjectEvent {
  /** With the `s3:` prefix, as MinIO names it. */
  readonly name: string
  readonly bucket: string
  readonly key: string
  /** '' in unversioned buckets. */
  readonly versionId: string
  readonly etag: string
  readonly sizeBytes: number
  /** Epoch ms. */
  readonly at: number
  readonly metadata: Readonly<Record<string, string>>
}

interface StreamListener {
  readonly wants: (event: ObjectEvent) => boolean
  readonly write: (text: string) => boolean
}

/** MinIO's change stream. Lossy by design: nobody listens, nobody hears. */
export class ChangeStream {
  readonly #listeners = new Set<StreamListener>()
  #sequence = 0

  publish(event: ObjectEvent): void {
    if (this.#listeners.size === 0) return
    let line: string | null = null
    for (const listener of this.#listeners) {
      if (!listener.wants(event)) continue
      line ??= `${JSON.stringify({ Records: [record(event, ++this.#sequence)] })}\n`
      listener.write(line)
    }
  }

  /** Returns what ends the listening. */
  listen(bucket: string, query: Query, write: (text: string) => boolean): () => void {
    const listener = { wants: wanted(bucket, query), write }
    this.#listeners.add(listener)
    const stopPings = startPings(query, write)
    return () => {
      stopPings()
      this.#listeners.delete(listener)
    }
  }
}

/** With `ping` an empty record every so many seconds, without it a space every 500 ms, as MinIO keeps streams alive. */
function startPings(query: Query, write: (text: string) => boolean): () => void {
  const seconds = Number(query.get('ping') ?? 0)
  const timer =
    seconds > 0 ? setInterval(() => write('{"Records":[]}\n'), seconds * 1000) : setInterval(() => write(' '), 500)
  timer.unref()
  return () => clearInterval(timer)
}

function wanted(bucket: string, query: Query): (event: ObjectEvent) => boolean {
  const prefix = query.get('prefix') ?? ''
  const suffix = query.get('suffix') ?? ''
  const names = query.all('events').map((pattern) => (pattern.endsWith('*') ? pattern.slice(0, -1) : pattern))
  const any = query.all('events').map((pattern) => pattern.endsWith('*'))
  return (event) =>
    (bucket === '' || event.bucket === bucket) &&
    event.key.startsWith(prefix) &&
    event.key.endsWith(suffix) &&
    names.some((name, index) => (any[index] === true ? event.name.startsWith(name) : event.name === name))
}

function record(event: ObjectEvent, sequence: number): unknown {
  const removed = event.name.startsWith('s3:ObjectRemoved:')
  return {
    eventVersion: '2.0',
    eventSource: 'lockstep:s3',
    awsRegion: '',
    eventTime: new Date(event.at).toISOString(),
    eventName: event.name,
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: event.bucket, arn: `arn:aws:s3:::${event.bucket}` },
      object: {
        // The listen stream gives keys raw; only webhooks encode them.
        key: event.key,
        ...(removed ? {} : { size: event.sizeBytes, eTag: event.etag, userMetadata: event.metadata }),
        ...(event.versionId === '' ? {} : { versionId: event.versionId }),
        sequencer: (BigInt(event.at) * 1_000_000n + BigInt(sequence % 1_000_000)).toString(16).toUpperCase(),
      },
    },
    source: { host: '', port: '', userAgent: '' },
  }
}
