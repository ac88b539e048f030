import type { Rule } from '../../../shared/model/rule.ts'
import type { ObjectStore, SseCKey } from '../store/port.ts'
import { withSseCKeys } from '../store/with-sse-c-keys.ts'

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
