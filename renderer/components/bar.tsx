interface BarProps {
  readonly label: string
  readonly done: number
  /** null while not known: the bar then says so instead of guessing. */
  readonly total: number | null
}

/** Progress as a bar for the eye and a value for those who hear it. */
export function Bar({ label, done, total }: BarProps) {
  const percent = total === null || total === 0 ? null : Math.min(100, (done / total) * 100)
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent === null ? undefined : Math.round(percent)}
      aria-valuetext={percent === null ? 'total not known yet' : undefined}
    >
      <span style={{ width: `${percent ?? 0}%` }} />
    </div>
  )
}
