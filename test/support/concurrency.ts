/** Runs `act` on every element, at most `limit` at one time; the first failure ends the rest after what is under way. */
export async function forEachAtMost<T>(limit: number, all: Iterable<T>, act: (one: T) => Promise<void>): Promise<void> {
  const queue = all[Symbol.iterator]()
  let failed = false
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
      try {
        await act(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
}
