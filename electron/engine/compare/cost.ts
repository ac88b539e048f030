import { compareLevels, type CompareCost, type CompareLevel } from '../../../shared/model/compare.ts'

/** What is known of a link beforehand. */
export interface LinkFigures {
  /** What the source held at the last scan of all of it; null before the first. */
  readonly held: { readonly versions: number; readonly sizeBytes: number; readonly at: number } | null
  /** Milliseconds, the greater of the two sites; null where no probe was answered yet. */
  readonly rttMs: number | null
  /** The most that the link was seen to carry, bytes per second; null where nothing was. */
  readonly bytesPerSecond: number | null
  /** The rule carries ACLs, so that they are compared too. */
  readonly comparesAcl: boolean
}

/** Versions on a page of a listing. */
const pageVersions = 1000
/** HEADs, tags, and locks of a version on both sides: what {@link SilentSides} saves is not known beforehand. */
const requestsPerVersion = 6
/** The ACL on both sides. */
const aclRequests = 2
const requestsOfLook = ({ comparesAcl }: LinkFigures): number => requestsPerVersion + (comparesAcl ? aclRequests : 0)
const looksAtOnce = 16

/** What each level asks of all links together, at the most; for a part of the keys no more than for all. Pure. */
export function costsOf(prefix: string, links: readonly LinkFigures[]): readonly CompareCost[] {
  return compareLevels.map((level) => costOf(level, prefix, links))
}

function costOf(level: CompareLevel, prefix: string, links: readonly LinkFigures[]): CompareCost {
  const held = links.map((link) => link.held).filter((one) => one !== null)
  if (held.length < links.length) return unknown(level)
  const versions = held.map((one) => one.versions)
  const requests = sum(links.map((link, index) => requestsOf(level, versions[index]!, requestsOfLook(link))))
  const readBytes = level === 'bytes' ? 2 * sum(held.map(({ sizeBytes }) => sizeBytes)) : 0
  const durations = links.map((link) => durationOf(level, link))
  return {
    level,
    requests,
    readBytes,
    durationMs: durations.every((one) => one !== null) ? sum(durations) : null,
    basis: basisOf(prefix, sum(versions), durations.includes(null)),
    countedAt: Math.min(...held.map(({ at }) => at)),
  }
}

const unknown = (level: CompareLevel): CompareCost => ({
  level,
  requests: null,
  readBytes: level === 'bytes' ? null : 0,
  durationMs: null,
  basis: 'Not known yet: no scan of the source has ended.',
  countedAt: null,
})

const pagesOf = (versions: number): number => Math.max(1, Math.ceil(versions / pageVersions))

function requestsOf(level: CompareLevel, versions: number, perVersion: number): number {
  // Every page but the first is held against the listing of current keys.
  const pages = 2 * (2 * pagesOf(versions) - 1)
  if (level === 'listing') return pages
  return pages + versions * (level === 'bytes' ? perVersion + 2 : perVersion)
}

/** Milliseconds; null where the round trip, or for bytes the bandwidth, was not measured. */
function durationOf(level: CompareLevel, link: LinkFigures): number | null {
  const { held, rttMs, bytesPerSecond } = link
  if (held === null || rttMs === null) return null
  const listed = pagesOf(held.versions) * rttMs
  if (level === 'listing') return Math.ceil(listed)
  const looked = listed + (held.versions / looksAtOnce) * (requestsOfLook(link) / 2) * rttMs
  if (level === 'attributes') return Math.ceil(looked)
  return bytesPerSecond === null || bytesPerSecond === 0
    ? null
    : Math.ceil(looked + (held.sizeBytes / bytesPerSecond) * 1000)
}

function basisOf(prefix: string, versions: number, untimed: boolean): string {
  const counted = `Reckoned from ${versions.toLocaleString('en')} versions at the source's last scan`
  const part = prefix === '' ? '' : '; keys under the prefix alone cost less'
  const time = untimed
    ? '; how long it takes is not known: round trip or bandwidth was not measured yet'
    : '; the time from the round trip and bandwidth measured, at the least'
  return `${counted}${part}${time}.`
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
