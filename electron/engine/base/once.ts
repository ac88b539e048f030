/** Makes it when it is first wanted, and never again: also where it is null or still on its way. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}
