/**
 * Compares keys as S3 lists them: by their UTF-8 bytes. JavaScript compares UTF-16 units, which puts characters beyond
 * U+FFFF (written as surrogates) before U+E000–U+FFFF; only there the two orders part.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? aboveSurrogates(x) - aboveSurrogates(y) : x - y
  }
  return a.length - b.length
}

/** Moves surrogates behind the rest of the plane, where their UTF-8 form (four bytes) sorts. */
const aboveSurrogates = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit + 0x2000)
