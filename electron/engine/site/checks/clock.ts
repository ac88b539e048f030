import { skewOf } from '../probe-window.ts'
import { failed, ok, warning, type CheckContext, type Finding, type Side } from './check.ts'
import { duration } from './words.ts'

/** Signatures are refused from a quarter of an hour on (S3’s RequestTimeTooSkewed). */
const refusedMs = 900_000
const noticeMs = 1_000

/** Do both clocks agree? */
export async function checkClock(side: Side, { ports, signal }: CheckContext): Promise<Finding> {
  const { rttMs, siteTime } = await side.store().ping({ signal })
  const skewMs = skewOf(ports.clock.now() - rttMs / 2, siteTime)
  if (skewMs === null) return warning('The site does not say its time: its clock could not be compared.')
  if (Math.abs(skewMs) <= noticeMs) return ok(`The clocks agree to the second. Round trip ${duration(rttMs)}.`)
  const found = `This machine’s clock is ${duration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} the site’s`
  if (Math.abs(skewMs) > refusedMs) return failed('CLOCK_SKEW', `${found}: signatures are refused.`, side)
  return warning(`${found}. Set both by NTP: which of two changes is newer is decided by these clocks.`)
}
