import type { Site } from '../../../../shared/model/site.ts'
import { openFeedConnection, type FeedConnection } from '../../feed/signed-stream.ts'
import type { KeyPair } from '../../s3/key-pair.ts'

interface SiteSource {
  get(siteId: string): Site
  keys(siteId: string): KeyPair
}

/** One connection per site for event streams and topics, opened when first asked for. */
export class FeedConnections {
  readonly #sites: SiteSource
  readonly #now: () => number
  readonly #open = new Map<string, FeedConnection>()

  constructor(sites: SiteSource, now: () => number) {
    this.#sites = sites
    this.#now = now
  }

  of(siteId: string): FeedConnection {
    let connection = this.#open.get(siteId)
    if (connection === undefined) {
      connection = openFeedConnection(this.#sites.get(siteId), this.#sites.keys(siteId), this.#now)
      this.#open.set(siteId, connection)
    }
    return connection
  }

  /** The site was edited or removed: its streams break, and reconnect with what holds now. */
  close(siteId: string): void {
    this.#open.get(siteId)?.close()
    this.#open.delete(siteId)
  }

  closeAll(): void {
    for (const connection of this.#open.values()) connection.close()
    this.#open.clear()
  }
}
