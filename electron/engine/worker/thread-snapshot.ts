import type { LinkOrder } from '../replicate/port.ts'
import { openPacer, pacerBytes, refill, setLimit, type PacerMemory } from './pacer.ts'
import type { ToThread } from './port.ts'

type Message<T extends ToThread['type']> = Extract<ToThread, { readonly type: T }>

interface ToldLink {
  readonly message: Message<'link'>
  readonly pacer: PacerMemory
}

/**
 * What every transfer thread was told last of sites, links and keys: a snapshot of their owners, as the threads have one of it.
 * Kept so that a thread which takes the place of another knows what the rest know, also where the owner could not say it
 * again (a site whose keys cannot be read any more).
 */
export class ThreadSnapshot {
  readonly #sites = new Map<string, Message<'site'>>()
  readonly #links = new Map<string, ToldLink>()
  #sseCKeys: Message<'sse-c-keys'> = { type: 'sse-c-keys', keys: [] }

  /** All that a new thread has to be told, in order. */
  messages(): readonly ToThread[] {
    return [...this.#sites.values(), this.#sseCKeys, ...[...this.#links.values()].map(({ message }) => message)]
  }

  site(message: Message<'site'>): ToThread {
    this.#sites.set(message.site.id, message)
    return message
  }

  forgetSite(siteId: string): ToThread {
    this.#sites.delete(siteId)
    return { type: 'forget-site', siteId }
  }

  sseCKeys(keys: Message<'sse-c-keys'>['keys']): ToThread {
    return (this.#sseCKeys = { type: 'sse-c-keys', keys })
  }

  /** Its pace takes effect at once, also for transfers under way: the memory of a link stays the same. */
  link(link: LinkOrder, bytesPerSecond: number | null): ToThread {
    const memory = this.#links.get(link.linkId)?.message.pacer ?? new SharedArrayBuffer(pacerBytes)
    const pacer = openPacer(memory)
    setLimit(pacer, bytesPerSecond)
    const message = { type: 'link', link, pacer: memory } as const
    this.#links.set(link.linkId, { message, pacer })
    return message
  }

  forgetLink(linkId: string): ToThread {
    this.#links.delete(linkId)
    return { type: 'forget-link', linkId }
  }

  /** What each link may move anew. */
  refill(elapsedMs: number): void {
    for (const { pacer } of this.#links.values()) refill(pacer, elapsedMs)
  }
}
