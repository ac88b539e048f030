const star = 42
const question = 63
const slash = 47

/**
 * Does the glob cover the whole key? `*` is any run without `/`, `**` any run, `?` one character that is not `/`.
 * Walks the key with one place to retreat to per kind of wildcard, so that the worst pattern costs about the square of
 * the key's length (a regular expression made from `**a**a**a**` can stop the engine for minutes).
 */
export function matchesGlob(glob: string, key: string): boolean {
  let p = 0
  let t = 0
  // Pattern place behind the last wildcard of each kind, and how far into the key that wildcard reaches.
  let runFrom = -1
  let runTo = 0
  let deepFrom = -1
  let deepTo = 0
  for (;;) {
    if (glob.charCodeAt(p) === star) {
      const deep = glob.charCodeAt(p + 1) === star
      p += deep ? 2 : 1
      runFrom = deep ? -1 : p
      if (deep) [deepFrom, deepTo] = [p, t]
      else runTo = t
      continue
    }
    if (p === glob.length && t === key.length) return true
    const width = widthAt(glob, p, key, t)
    if (width > 0) {
      p += 1
      t += width
    } else if (runFrom >= 0 && runTo < key.length && key.charCodeAt(runTo) !== slash) {
      t = ++runTo
      p = runFrom
    } else if (deepFrom >= 0 && deepTo < key.length) {
      t = ++deepTo
      p = deepFrom
      runFrom = -1
    } else return false
  }
}

/** How many code units of the key the pattern's next character covers; 0 where it does not fit. */
function widthAt(glob: string, p: number, key: string, t: number): number {
  if (p >= glob.length || t >= key.length) return 0
  const wanted = glob.charCodeAt(p)
  const found = key.charCodeAt(t)
  if (wanted !== question) return wanted === found ? 1 : 0
  if (found === slash) return 0
  return key.codePointAt(t)! > 0xffff ? 2 : 1
}
