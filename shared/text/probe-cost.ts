import type { SiteView } from '../model/site.ts'
import { countOf } from './count.ts'

/** Measured: 59 at MinIO, 62 at Ceph, one after the other. */
const usualRequests = 60

/** What a whole probe of the site asks of it, told before it begins: by the last one, or by the round trip. */
export function probeCostText({ profile, health }: Pick<SiteView, 'profile' | 'health'>): string {
  const last = profile?.probe ?? null
  if (last !== null) return `${countOf(last.requests, 'request')} in ${seconds(last.elapsedMs)} the last time`
  const usual = `some ${usualRequests} requests, one after the other`
  const rttMs = health.rttMs?.median ?? null
  if (rttMs === null) return `${usual}; how long that takes is not known, as no round trip was measured yet`
  return `${usual}: ${seconds(usualRequests * rttMs)} at least, by its round trip`
}

const seconds = (ms: number): string => `${(Math.max(100, ms) / 1000).toFixed(1)} s`
