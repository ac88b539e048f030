import type { BucketAt } from '../../../../shared/model/rule.ts'
import { faultFrom } from '../../base/errors.ts'
import { createCephTopic, type CephTopic } from '../../feed/ceph-topic.ts'
import type { Clock } from '../../base/clock.ts'
import type { SendSigned, Unavailable } from '../../feed/port.ts'

export interface TopicsParts {
  readonly send: (siteId: string) => SendSigned
  readonly pushTo: (siteId: string) => string
  readonly clock: Clock
  readonly onChange: () => void
}

interface Topic {
  readonly topic: CephTopic
  readonly siteId: string
  unavailable: Unavailable | null
}

/** A site that could not be asked is asked again this often; meanwhile the scan finds what its events would have told. */
const againMs = 10_000

/** The notifications that we asked sites with topics (Ceph) to send: one per source bucket and prefix. */
export class Topics {
  readonly #parts: TopicsParts
  readonly #topics = new Map<string, Topic>()
  /** Ceph keeps all topics in one record: two requests at one time undo each other (404 and 500, seen on 16.2.15). */
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: TopicsParts) {
    this.#parts = parts
  }

  /** Brings the sites' notifications in line with the buckets that rules read from. */
  sync(wanted: ReadonlyMap<string, { readonly source: BucketAt; readonly prefix: string }>): void {
    for (const [name, entry] of this.#topics) {
      if (wanted.has(name)) continue
      this.#topics.delete(name)
      // A topic that stays behind pushes to a receiver that knows no such rule: harmless, and not worth holding up a removal.
      this.#turn = this.#turn.then(() => entry.topic.remove().catch(() => undefined))
    }
    for (const [name, { source, prefix }] of wanted) if (!this.#topics.has(name)) this.#add(name, source, prefix)
  }

  unavailable(name: string): Unavailable | null {
    return this.#topics.get(name)?.unavailable ?? null
  }

  /** The site came back or was edited: what could not be asked for before may be now. */
  again(siteId: string): void {
    for (const [name, entry] of this.#topics) if (entry.siteId === siteId) this.#ask(name, entry)
  }

  /** Where they push to has changed: each is asked for anew. */
  renew(): void {
    for (const [name, entry] of this.#topics) this.#ask(name, entry)
  }

  #add(name: string, source: BucketAt, prefix: string): void {
    const topic = createCephTopic({
      // Asked for at every call: an edited site has another connection.
      send: (request, signal) => this.#parts.send(source.site)(request, signal),
      bucket: source.bucket,
      prefix,
      name: topicName(source, prefix),
      pushTo: () => this.#parts.pushTo(source.site),
    })
    const entry: Topic = { topic, siteId: source.site, unavailable: null }
    this.#topics.set(name, entry)
    this.#ask(name, entry)
  }

  #ask(name: string, entry: Topic): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#topics.get(name) !== entry) return
      try {
        await entry.topic.create()
        entry.unavailable = null
      } catch (error) {
        const since = entry.unavailable?.since ?? this.#parts.clock.now()
        entry.unavailable = { since, fault: faultFrom(error, { operation: 'CreateTopic', siteId: entry.siteId }) }
        this.#parts.clock.after(againMs, () => this.#ask(name, entry))
      }
      this.#parts.onChange()
    })
  }
}

const topicName = (source: BucketAt, prefix: string): string =>
  `lockstep-${source.bucket}-${prefix}`.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 200)
