/**
 * Asks `needed` at a time and, for each that does not answer (null), the next one, until so many have answered or nobody is
 * left. The answers come in the order of those asked.
 */
export async function gather<T>(ask: readonly (() => Promise<T | null>)[], needed: number): Promise<readonly T[]> {
  const answers: (T | null)[] = []
  let next = 0
  const turn = async (): Promise<void> => {
    while (next < ask.length) {
      const place = next++
      const answer = await ask[place]!()
      answers[place] = answer
      if (answer !== null) return
    }
  }
  await Promise.all(Array.from({ length: needed }, turn))
  return answers.filter((answer) => answer !== null)
}
