/** How long a site asks to be left alone: seconds or a date (RFC 9110 §10.2.3), which is compared with its own clock. */
export function retryAfterMs(headers: Readonly<Record<string, string | undefined>>): number | null {
  const value = headers['retry-after']
  if (value === undefined) return null
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000
  const waitMs = Date.parse(value) - Date.parse(headers['date'] ?? '')
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs)
}
