import { countOf } from '../../../../shared/text/count.ts'
import { isIP } from 'node:net'
import { isLoopback } from '../../../../shared/model/listen-address.ts'
import { createAddress } from '../../s3/address.ts'
import type { Certificate } from '../network.ts'
import { skewOf } from '../probe-window.ts'
import { failed, notNeeded, ok, warning, type CheckContext, type Finding, type Side } from './check.ts'
import { duration } from './text.ts'

/** Does the host name have addresses? With virtual-host style the bucket’s own name is looked up too. */
export async function checkDns(side: Side, { network }: CheckContext): Promise<Finding> {
  const address = createAddress(side.site)
  const root = address.host(undefined).name
  if (isIP(root) !== 0) return ok(`${root} is an address: there is no name to look up.`)
  const names = [...new Set([root, address.host(side.bucket).name])]
  const found = await Promise.all(names.map(async (name) => [name, await network.resolve(name)] as const))
  return ok(found.map(([name, addresses]) => `${name} is ${addresses.slice(0, 3).join(', ')}`).join('; '))
}

/** Is the connection accepted? */
export async function checkTcp(side: Side, { network, ports, signal }: CheckContext): Promise<Finding> {
  const startedAt = ports.clock.now()
  await network.connect(side.site, signal)
  const { port } = createAddress(side.site).host(undefined)
  return ok(`Port ${port} accepted the connection after ${duration(ports.clock.now() - startedAt)}.`)
}

const dayMs = 86_400_000
const soonDays = 14

/** Is the way encrypted, and the certificate trusted and valid for a while? */
export async function checkTls(side: Side, { network, ports, signal }: CheckContext): Promise<Finding> {
  const host = createAddress(side.site).host(undefined)
  if (!host.tls) {
    if (isLoopback(host.name)) return notNeeded('Plain http, within this machine only.')
    return warning('Plain http: whoever is on the way can read and change objects. Use https where the site offers it.')
  }
  const certificate = await network.certificate(side.site, signal)
  return certificateFinding(side, certificate, ports.clock.now())
}

function certificateFinding(side: Side, { subject, issuer, validUntil, distrust }: Certificate, now: number): Finding {
  const days = Math.floor((validUntil - now) / dayMs)
  const what = `Certificate for ${subject} from ${issuer}, valid for ${countOf(days, 'more day')}`
  if (side.site.tls.insecureSkipVerify) return warning(`${what}. It is not verified, as this site’s settings ask.`)
  if (distrust !== null) return failed('TLS_FAILED', `${what.replace(/,.*/, '')} is not trusted: ${distrust}.`, side)
  return days < soonDays ? warning(`${what}: renew it soon.`) : ok(`${what}.`)
}

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
