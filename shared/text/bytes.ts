const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Powers of 1024 with three significant digits: `0 B`, `1.21 MiB`, `640 GiB`. */
export const formatBytes = (bytes: number): string => inUnits(bytes, 3)

/** The same with two, where many stand together or one in a sentence: `1.2 MiB`, all digits of whole numbers. */
export const shortBytes = (bytes: number): string => inUnits(bytes, 2)

function inUnits(bytes: number, digits: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1)
  const value = bytes / 1024 ** power
  const whole = value >= 100 ? 3 : value >= 10 ? 2 : 1
  return `${value.toFixed(Math.max(0, digits - whole))} ${units[power]}`
}
