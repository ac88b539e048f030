/** One line of the result: what was measured, against what, and what we aim at. */
export interface Row {
  readonly what: string
  readonly lockstep: string
  /** What it was measured beside: rclone, or the site without the gateway. */
  readonly beside?: string
  readonly ratio?: number
  readonly aim: string
  /** null where there is no aim. */
  readonly reached: boolean | null
}

export function tableText(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.lockstep,
    row.beside ?? '–',
    row.ratio === undefined ? '–' : `${row.ratio.toFixed(2)}×`,
    row.aim,
    row.reached === null ? '' : row.reached ? 'yes' : 'NO',
  ])
  const all = [['measure', 'lockstep', 'beside', 'ratio', 'aim', 'reached'], ...cells]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)))
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
