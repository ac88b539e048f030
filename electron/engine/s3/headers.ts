/** A header to be sent: its name in lower case, its value as latin1 text. */
export type HeaderPair = readonly [name: string, value: string]

/** Headers that came: names in lower case, values as latin1 text; repeated ones joined with `, `. */
export type HeaderMap = Readonly<Record<string, string | undefined>>

/** Headers as Node's own server gives them. */
export type IncomingHeaderMap = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Without the blanks that HTTP allows around a value (RFC 9110 §5.6.3), and nothing else. `trim()` would take a byte off
 * letters: the UTF-8 of “à” ends in one that is a no-break space in latin1.
 */
export function withoutBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 32 || code === 9
