/** An object that throws when something is asked of it that it does not model, so that no test passes on what was not there. */
export function loud<T extends object>(name: string, modelled: T): T {
  return new Proxy(modelled, {
    get(target, key) {
      if (typeof key === 'symbol' || key in target || key === 'then' || key === 'toJSON') {
        const value: unknown = Reflect.get(target, key)
        // Bound, because a method with private fields does not work on a proxy.
        return typeof value === 'function' ? value.bind(target) : value
      }
      throw new Error(`electron stand-in: ${name}.${key} is not modelled`)
    },
  })
}

/** Throws for an event that the stand-in never emits: a listener for it would wait in vain. */
export function known(name: string, events: readonly string[], event: string): string {
  if (!events.includes(event)) throw new Error(`electron stand-in: the event "${event}" of ${name} is not modelled`)
  return event
}
