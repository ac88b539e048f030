import type { Capabilities, SiteHealth, SiteView } from '../../shared/model/site.ts'
import { formatMs } from './format.ts'
import type { Tone } from './link.ts'

export const vendorNames: Record<Capabilities['vendor'], string> = {
  minio: 'MinIO',
  rustfs: 'RustFS',
  ceph: 'Ceph RGW',
  aws: 'AWS S3',
  'lockstep-sandbox': 'Lockstep sample site',
  other: 'S3-compatible server',
}

export function siteState(site: Pick<SiteView, 'paused' | 'health'>): { readonly label: string; readonly tone: Tone } {
  if (site.paused) return { label: 'Paused', tone: 'quiet' }
  return healthStates[site.health.state]
}

const healthStates: Record<SiteHealth['state'], { readonly label: string; readonly tone: Tone }> = {
  online: { label: 'Online', tone: 'good' },
  offline: { label: 'Offline', tone: 'bad' },
  unknown: { label: 'Not probed yet', tone: 'quiet' },
}

/** The skew is known to a second only, because S3 states time in HTTP dates. */
export function skewText(clockSkewMs: number): string {
  const seconds = Math.round(Math.abs(clockSkewMs) / 1000)
  if (seconds <= 1) return 'within 1 s'
  return `${seconds} s ${clockSkewMs > 0 ? 'behind' : 'ahead'}`
}

/** The last round trip, in ms; null when none was measured or the site does not answer now. */
export function currentRtt(health: Pick<SiteHealth, 'state' | 'rttMs'>): number | null {
  return health.state === 'offline' || health.rttMs === null ? null : health.rttMs.current
}

export function rttText(health: SiteHealth): string {
  const { rttMs } = health
  if (rttMs === null) return 'not measured'
  return `${health.state === 'offline' ? 'before it went offline: ' : ''}${formatMs(rttMs.current)} (average ${formatMs(rttMs.average)}, max ${formatMs(rttMs.max)})`
}

export const credentialsText: Record<SiteView['credentialsFrom'], string> = {
  vault: 'in the encrypted vault',
  keychain: 'in this computer’s keychain',
  environment: 'in environment variables',
  config: 'in the configuration file',
}
