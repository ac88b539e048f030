/** Lockstep's mark: two feet of one stride. */
export function Mark() {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="6" fill="#14526b" />
      <path d="M8 7h5v13h6v5H8z" fill="#fff" />
      <path d="M24 25h-3V12h-5V7h8z" fill="#7cc0d6" />
    </svg>
  )
}
