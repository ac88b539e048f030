/** What this screen remembers about itself; the theme is kept by the kit. */
export interface PreferenceValues {
  /** Single keys such as `?` and `g` `o`: off for those whose tools send stray keys (WCAG 2.1.4). */
  readonly keys: boolean
}

export interface Preferences {
  readonly values: () => PreferenceValues
  readonly set: (values: Partial<PreferenceValues>) => void
  readonly subscribe: (listener: () => void) => () => void
}

const storageKey = 'lockstep-preferences'

export function createPreferences(storage: Pick<Storage, 'getItem' | 'setItem'>): Preferences {
  const listeners = new Set<() => void>()
  let values: PreferenceValues = { keys: storage.getItem(storageKey) !== 'keys-off' }
  return {
    values: () => values,
    set: (changed) => {
      values = { ...values, ...changed }
      storage.setItem(storageKey, values.keys ? 'keys-on' : 'keys-off')
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
