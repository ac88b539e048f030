import { shortBytes } from '../../../../shared/text/bytes.ts'

const counts = new Intl.NumberFormat('en-US')

/** `12,345`. */
export const count = (value: number): string => counts.format(value)

/** `1 version`, `3 versions`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `2 bytes`, `3.2 GiB`. */
export const bytes = (value: number): string => (value < 1024 ? counted(value, 'byte') : shortBytes(value))

/** `0.4 ms`, `12 ms`, `3.5 s`, `4 min`: the unit that reads best. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1).replace('.0', '')} s` : `${Math.round(ms / 60_000)} min`
}

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
