import { isDeepStrictEqual } from 'node:util'
import type { Rule } from '../../../shared/model/rule.ts'
import type { ObjectStore, SseCKey } from '../store/port.ts'
import { createStore } from '../store/s3-store.ts'
import { withSseCKeys } from '../store/with-sse-c-keys.ts'
import type { ToThread } from './port.ts'
import { unfoldedTarget } from './unfolded-target.ts'
import { versionedTarget } from './versioned-target.ts'

type SiteMessage = Extract<ToThread, { type: 'site' }>

interface OpenStores {
  readonly site: SiteMessage['site']
  readonly plain: ObjectStore
  readonly versioned: ObjectStore
}

/**
 * A transfer thread's stores, one per site. A site that is edited gets another; transfers under way go on with the one
 * that they began with, unless it is another server now.
 */
export class ThreadStores {
  readonly #open = new Map<string, OpenStores>()

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

  of(siteId: string): OpenStores | undefined {
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

/** Stores as a rule sees them: with the keys of clients that it names. Each remembers which of them opens what. */
export class KeyedStores {
  readonly #keys: readonly SseCKey[]
  readonly #made = new WeakMap<ObjectStore, Map<string, ObjectStore>>()

  constructor(keys: readonly SseCKey[]) {
    this.#keys = keys
  }

  of(store: ObjectStore, { fidelity: { sseCKeys } }: Pick<Rule, 'fidelity'>): ObjectStore {
    if (sseCKeys.length === 0) return store
    const made = this.#made.get(store) ?? new Map<string, ObjectStore>()
    this.#made.set(store, made)
    const name = sseCKeys.join(' ')
    const keyed = made.get(name) ?? withSseCKeys(store, sseCKeys, this.#keys)
    made.set(name, keyed)
    return keyed
  }
}
