import type { EventsState, FeedView } from '../../../../shared/model/rule.ts'
import type { Capabilities, SiteHealth } from '../../../../shared/model/site.ts'
import type { Clock } from '../../base/clock.ts'
import { startListen } from '../../feed/listen.ts'
import type { Feed, Unavailable } from '../../feed/port.ts'
import type { Webhook } from '../../feed/webhook.ts'
import type { Intake } from '../../intake/port.ts'
import type { NewTask } from '../../journal/port/tasks.ts'
import type { FeedConnections } from './feed-connections.ts'
import type { Link } from '../link.ts'
import { Topics } from './topics.ts'

export interface ChangeStreamsParts {
  readonly intake: Pick<Intake, 'offer'>
  readonly webhook: Webhook | null
  readonly connections: FeedConnections
  readonly capabilities: (siteId: string) => Capabilities | null
  readonly health: (siteId: string) => SiteHealth
  readonly clock: Clock
  readonly random: () => number
  /** Of this link changes may have been missed. */
  readonly onGap: (linkId: string) => void
  /** Whether the link's events can be counted on is another. */
  readonly onAvailability: (linkId: string) => void
  readonly onChange: () => void
}

/** What tells of changes while they happen: per source bucket and prefix an event stream, or notifications that the site pushes. */
export class ChangeStreams {
  readonly #parts: ChangeStreamsParts
  readonly #streams = new Map<string, Feed>()
  readonly #topics: Topics | null
  #links: readonly Link[] = []

  constructor(parts: ChangeStreamsParts) {
    this.#parts = parts
    const { webhook, connections, clock, onChange } = parts
    this.#topics =
      webhook === null
        ? null
        : new Topics({
            send: (siteId) => connections.of(siteId).send,
            pushTo: (siteId) => webhook.urlFor(siteId),
            clock,
            onChange,
          })
  }

  /** Brings streams and topics in line with the links whose changes are wanted. Safe to call at any time. */
  sync(links: readonly Link[]): void {
    this.#links = links
    const wanted = new Map(this.#ofKind('listen').map((link) => [streamName(link), link]))
    for (const [name, feed] of this.#streams) {
      if (wanted.has(name)) continue
      this.#streams.delete(name)
      void feed.stop()
    }
    for (const [name, link] of wanted) if (!this.#streams.has(name)) this.#listen(name, link)
    const topics = this.#ofKind('topic')
    this.#topics?.sync(
      new Map(topics.map((link) => [streamName(link), { source: link.source, prefix: link.rule.filter.prefix }])),
    )
  }

  /** The webhook's URL has changed: the sites that Lockstep itself told of it are told anew. */
  webhookMoved(): void {
    this.#topics?.renew()
  }

  /** The site came back or was edited: what it could not be asked for before may be had now. */
  siteReturned(siteId: string): void {
    this.#topics?.again(siteId)
  }

  /** What the link's stream waits for between two tries is tried now. */
  again(link: Link): void {
    this.#topics?.again(link.source.site)
    this.#streams.get(streamName(link))?.again()
  }

  /** null for a link that nothing tells of. */
  view(link: Link): FeedView | null {
    return this.#streams.get(streamName(link))?.view() ?? this.#pushed(link)
  }

  /** null while events come, or are not to be had at all. */
  unavailable(link: Link): Unavailable | null {
    const stream = this.#streams.get(streamName(link))
    return stream === undefined ? (this.#topics?.unavailable(streamName(link)) ?? null) : stream.unavailable()
  }

  /** Of a link whose events are not unavailable. */
  state(link: Link): EventsState {
    const kind = this.#parts.capabilities(link.source.site)?.changeStream ?? 'none'
    if (kind === 'none' || (kind === 'topic' && this.#pushed(link)?.lastEventAt == null)) return { kind: 'none' }
    const stream = kind === 'listen' ? this.#streams.get(streamName(link))?.view().state : 'live'
    return { kind: stream === 'live' ? 'told' : 'connecting' }
  }

  /** What a scan found and nothing had told shows whether the stream tells at all. */
  untold(link: Link, found: readonly NewTask[]): void {
    const stream = this.#streams.get(streamName(link))
    const skewMs = this.#parts.health(link.source.site).clockSkewMs ?? 0
    const changes = found.filter(({ operation }) => operation === 'put' || operation === 'deleteMarker')
    if (changes.length > 0) stream?.untold(Math.max(...changes.map(({ changedAt }) => changedAt)) + skewMs)
  }

  async stop(): Promise<void> {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    await Promise.all(streams.map((feed) => feed.stop()))
  }

  #ofKind(kind: Capabilities['changeStream']): readonly Link[] {
    return this.#links.filter((link) => this.#parts.capabilities(link.source.site)?.changeStream === kind)
  }

  #pushed(link: Link): FeedView | null {
    const { webhook, capabilities } = this.#parts
    if (webhook === null || capabilities(link.source.site)?.changeStream !== 'topic') return null
    const view = webhook.view(link.source.site, link.source.bucket)
    const fault = this.#topics?.unavailable(streamName(link))?.fault ?? null
    return fault === null ? view : { ...view, state: 'fault', fault }
  }

  #listen(name: string, { source, rule }: Link): void {
    const { connections, intake, clock, random, capabilities, onGap } = this.#parts
    const { site: siteId, bucket } = source
    let wasAvailable = true
    const feed = startListen({
      // Asked for at every reconnect: an edited site has another connection.
      stream: (request, signal) => connections.of(siteId).stream(request, signal),
      siteId,
      bucket,
      prefix: rule.filter.prefix,
      encoding: capabilities(siteId)?.vendor === 'rustfs' ? 'form' : 'raw',
      intake,
      clock,
      random,
      onGap: () => this.#tell(name, onGap),
      onChange: () => {
        const isAvailable = this.#streams.get(name)?.unavailable() == null
        if (isAvailable !== wasAvailable) this.#tell(name, this.#parts.onAvailability)
        wasAvailable = isAvailable
        this.#parts.onChange()
      },
    })
    this.#streams.set(name, feed)
  }

  #tell(name: string, tell: (linkId: string) => void): void {
    for (const link of this.#links) if (streamName(link) === name) tell(link.linkId)
  }
}

/** MinIO and RustFS send an event when tags or locks change; Ceph sends none. */
export const tellsOfTags = (site: Capabilities | null): boolean => site?.changeStream === 'listen'

const streamName = (link: Link): string => `${link.source.site}/${link.source.bucket}/${link.rule.filter.prefix}`
