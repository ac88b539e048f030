import { isIP } from 'node:net'
import { createAddress } from '../../s3/address.ts'
import type { Certificate } from '../network.ts'
import { failed, notNeeded, ok, warning, type CheckContext, type Finding, type Side } from './check.ts'
import { counted } from './words.ts'

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
  return judge(side, certificate, ports.clock.now())
}

function judge(side: Side, { subject, issuer, validUntil, distrust }: Certificate, now: number): Finding {
  const days = Math.floor((validUntil - now) / dayMs)
  const what = `Certificate for ${subject} from ${issuer}, valid for ${counted(days, 'more day')}`
  if (side.site.tls.insecureSkipVerify) return warning(`${what}. It is not verified, as this site’s settings ask.`)
  if (distrust !== null) return failed('TLS_FAILED', `${what.replace(/,.*/, '')} is not trusted: ${distrust}.`, side)
  return days < soonDays ? warning(`${what}: renew it soon.`) : ok(`${what}.`)
}

const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
