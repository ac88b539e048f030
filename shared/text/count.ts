const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A whole number with thousands marked: `12,480`. */
export function formatCount(count: number): string {
  return grouped.format(count)
}

/** `1 object`, `12,480 objects`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
