import { shortBytes } from '../../../../shared/text/bytes.ts'
import { countOf } from '../../../../shared/text/count.ts'

/** `2 bytes`, `3.2 GiB`. */
export const bytes = (value: number): string => (value < 1024 ? countOf(value, 'byte') : shortBytes(value))

/** `0.4 ms`, `12 ms`, `3.5 s`, `4 min`: the unit that reads best. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1).replace('.0', '')} s` : `${Math.round(ms / 60_000)} min`
}

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
