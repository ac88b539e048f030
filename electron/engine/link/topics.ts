import type { BucketAt } from '../../../shared/model/rule.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import { faultFrom } from '../errors.ts'
import { createCephTopic, type CephTopic } from '../feed/ceph-topic.ts'
import type { SendSigned } from '../feed/port.ts'

export interface TopicsParts {
  readonly send: (siteId: string) => SendSigned
  readonly pushTo: (siteId: string) => string
  readonly onChange: () => void
}

interface Topic {
  readonly topic: CephTopic
  fault: Fault | null
}

/** The notifications that we asked sites with topics (Ceph) to send: one per source bucket and prefix. */
export class Topics {
  readonly #parts: TopicsParts
  readonly #topics = new Map<string, Topic>()

  constructor(parts: TopicsParts) {
    this.#parts = parts
  }

  /** Brings the sites' notifications in line with the buckets that rules read from. */
  sync(wanted: ReadonlyMap<string, { readonly source: BucketAt; readonly prefix: string }>): void {
    for (const [name, entry] of this.#topics) {
      if (wanted.has(name)) continue
      this.#topics.delete(name)
      // A topic that stays behind pushes to a receiver that knows no such rule: harmless, and not worth holding up a removal.
      entry.topic.remove().catch(() => undefined)
    }
    for (const [name, { source, prefix }] of wanted) if (!this.#topics.has(name)) this.#create(name, source, prefix)
  }

  fault(name: string): Fault | null {
    return this.#topics.get(name)?.fault ?? null
  }

  /** The site came back or was edited: what could not be asked for before may be now. */
  again(siteId: string): void {
    for (const [name, entry] of this.#topics) if (name.startsWith(`${siteId}/`)) void this.#ask(entry, siteId)
  }

  #create(name: string, source: BucketAt, prefix: string): void {
    const topic = createCephTopic({
      send: this.#parts.send(source.site),
      bucket: source.bucket,
      prefix,
      name: topicName(source, prefix),
      pushTo: this.#parts.pushTo(source.site),
    })
    const entry: Topic = { topic, fault: null }
    this.#topics.set(name, entry)
    void this.#ask(entry, source.site)
  }

  async #ask(entry: Topic, siteId: string): Promise<void> {
    try {
      await entry.topic.create()
      entry.fault = null
    } catch (error) {
      entry.fault = faultFrom(error, { operation: 'CreateTopic', siteId })
    }
    this.#parts.onChange()
  }
}

const topicName = (source: BucketAt, prefix: string): string =>
  `lockstep-${source.bucket}-${prefix}`.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 200)
