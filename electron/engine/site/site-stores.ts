import type { Site } from '../../../shared/model/site.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import type { ObjectStore } from '../store/port.ts'

/** `onRegion`: the site said that it expects another region, and is asked there. `onRequest`: a request goes out. */
export type OpenStore = (
  site: Site,
  keys: KeyPair,
  onRegion: (region: string) => void,
  onRequest?: () => void,
) => ObjectStore

export interface SiteStoresOptions {
  readonly openStore: OpenStore
  /** The site as it is set; undefined when there is none. */
  readonly site: (siteId: string) => Site | undefined
  /** What opens it. Throws NOT_FOUND. */
  readonly access: (siteId: string) => readonly [site: Site, keys: KeyPair]
  /** {@link SiteStores.signsFor} is another. */
  readonly onRegion: (siteId: string) => void
}

/** The stores of the sites: one each, shared by all who ask, and what the site itself said of its region. */
export class SiteStores {
  readonly #options: SiteStoresOptions
  readonly #stores = new Map<string, ObjectStore>()
  /** Against how the site is set. */
  readonly #regions = new Map<string, string>()

  constructor(options: SiteStoresOptions) {
    this.#options = options
  }

  get(siteId: string): ObjectStore {
    const known = this.#stores.get(siteId)
    if (known !== undefined) return known
    const opened = this.openAnother(siteId)
    this.#stores.set(siteId, opened)
    return opened
  }

  /** On connections of its own, for its caller to close. */
  openAnother(siteId: string, onRequest?: () => void): ObjectStore {
    const [site, keys] = this.#options.access(siteId)
    return this.#options.openStore(site, keys, (region) => this.#learnRegion(siteId, region), onRequest)
  }

  /** The region that the site asks for where it is not the one that it is set to; otherwise null. */
  signsFor(siteId: string): string | null {
    return this.#regions.get(siteId) ?? null
  }

  /** What is under way goes on; whoever asks from now on gets a store with what holds now. */
  retire(siteId: string): void {
    this.#stores.get(siteId)?.retire()
    this.#forget(siteId)
  }

  close(siteId: string): void {
    this.#stores.get(siteId)?.close()
    this.#forget(siteId)
  }

  closeAll(): void {
    for (const siteId of this.#stores.keys()) this.close(siteId)
  }

  #forget(siteId: string): void {
    this.#stores.delete(siteId)
    this.#regions.delete(siteId)
  }

  #learnRegion(siteId: string, region: string): void {
    const other = region === this.#options.site(siteId)?.region ? null : region
    if (this.signsFor(siteId) === other) return
    if (other === null) this.#regions.delete(siteId)
    else this.#regions.set(siteId, other)
    this.#options.onRegion(siteId)
  }
}
