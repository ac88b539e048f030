export { shortBytes as bytesText } from '../../shared/text/bytes.ts'

/** Lines of a table: columns as wide as their widest cell, two spaces between, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const toRight = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[\d.,]+( \S+)?$|^–$/.test(row[column] ?? '')),
  )
  return all.map((row) =>
    row
      .map((cell, column) => (toRight[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** One line for a text that may hold anything: control characters would steer the terminal. */
export function cellText(text: string, maxLength = 60): string {
  // eslint-disable-next-line no-control-regex
  const plain = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '�')
  return plain.length > maxLength ? `${plain.slice(0, maxLength - 1)}…` : plain
}
