import { isDeepStrictEqual } from 'node:util'
import { createStore } from '../store/s3-store.ts'
import type { ObjectStore } from '../store/port.ts'
import type { ToThread } from './port.ts'
import { unfoldedTarget } from './unfolded-target.ts'
import { versionedTarget } from './versioned-target.ts'

type SiteMessage = Extract<ToThread, { type: 'site' }>

interface Open {
  readonly site: SiteMessage['site']
  readonly plain: ObjectStore
  readonly versioned: ObjectStore
}

/**
 * A transfer thread's stores, one per site. A site that is edited gets another; transfers under way go on with the one
 * that they began with, unless it is another server now.
 */
export class ThreadStores {
  readonly #open = new Map<string, Open>()

  open({ site, sockets, timeouts }: SiteMessage): void {
    const known = this.#open.get(site.id)
    if (known !== undefined && isDeepStrictEqual(known.site, site)) return known.plain.resize(sockets)
    if (known?.site.endpoint === site.endpoint) known.plain.retire()
    else known?.plain.close()
    const { credentials: keys, ...rest } = site
    if (!('accessKeyId' in keys)) throw new Error('Keys are resolved before they reach a transfer thread.')
    const plain = createStore({ site: rest, keys, sockets, timeouts })
    this.#open.set(site.id, { site, plain, versioned: versionedTarget(unfoldedTarget(plain, site.id), site.id) })
  }

  of(siteId: string): Open | undefined {
    return this.#open.get(siteId)
  }

  forget(siteId: string): void {
    this.#open.get(siteId)?.plain.close()
    this.#open.delete(siteId)
  }

  close(): void {
    for (const { plain } of this.#open.values()) plain.close()
  }
}
