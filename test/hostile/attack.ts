import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forEachAtMost } from '../support/concurrency.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { clients, declaredKeys } from './clients.ts'
import { generate } from './generator.ts'
import { bytesOfWire, type HostileRequest } from './hostile-request.ts'
import { baseHost, judge } from './oracle.ts'
import { leaks, plant, type Planted } from './planted.ts'
import { exchange, type RawAnswer } from './raw-client.ts'
import { signed } from './sign.ts'
import { recordSite, type SiteRecord } from './site-record.ts'
import { contentsOf, stateOf, type SiteState } from './site-state.ts'
import { plainRead } from './well-formed.ts'

export interface Attack {
  readonly site: SiteAccess
  readonly dir: string
  readonly requests: number
  readonly seed: number
  readonly atOnce?: number
  readonly tell?: (line: string) => void
}

/** What went wrong, by kind; each line names a request that shows it. */
export interface Findings {
  readonly wronglyAccepted: readonly string[]
  readonly wronglyRefused: readonly string[]
  readonly leaked: readonly string[]
  /** What reached the site and is no bucket of a client’s. */
  readonly passedOn: readonly string[]
  readonly changedAtSite: readonly string[]
  /** Requests that came whole and were never answered. */
  readonly silent: readonly string[]
  /** What the gateway logged as an error. */
  readonly failed: readonly string[]
  readonly ended: string | null
}

export const nothingFound: Findings = {
  wronglyAccepted: [],
  wronglyRefused: [],
  leaked: [],
  passedOn: [],
  changedAtSite: [],
  silent: [],
  failed: [],
  ended: null,
}

export interface AttackReport {
  readonly findings: Findings
  readonly accepted: number
  readonly refused: number
  readonly unanswered: number
  readonly seconds: number
  /** Resident memory after a tenth of the requests, a half, three quarters, and at the end. */
  readonly rssBytes: readonly number[]
}

/** The gateway in front of the site, attacked by generated requests, judged by the oracle and by what then lies at the site. */
export async function attack({ site, dir, requests, seed, atOnce = 24, tell }: Attack): Promise<AttackReport> {
  const s3 = s3Client(site)
  const planted = await plant(s3, site, seed)
  const before = await stateOf(s3)
  const record = await recordSite(site.endpoint)
  const lockstep = await startLockstep({
    dir: join(dir, 'engine'),
    config: {
      version: 1,
      sites: [siteConfig('site', { ...site, endpoint: record.endpoint })],
      gateway: { site: 'site', listen: '127.0.0.1:0', hostnames: [baseHost], keys: declaredKeys() },
    },
    nodeArgs: ['--max-old-space-size=256'],
  })
  try {
    const seen = await sendAll({ planted, lockstep, all: generate(planted, seed, requests), atOnce, tell })
    const after = await stateOf(s3)
    const state = {
      passedOn: passedOn(record),
      changedAtSite: [...changes(before, after), ...(await strangeContents(s3, after, planted))],
    }
    return { ...seen, findings: { ...seen.findings, ...state } }
  } finally {
    await lockstep.kill9()
    await record.close()
    s3.destroy()
  }
}

interface Sending {
  readonly planted: Planted
  readonly lockstep: Lockstep
  readonly all: readonly HostileRequest[]
  readonly atOnce: number
  readonly tell: ((line: string) => void) | undefined
}

type Seen = Omit<AttackReport, 'findings'> & { readonly findings: Omit<Findings, 'passedOn' | 'changedAtSite'> }

async function sendAll({ planted, lockstep, all, atOnce, tell }: Sending): Promise<Seen> {
  const port = Number(new URL(lockstep.ready.gateway ?? '').port)
  const findings = {
    wronglyAccepted: [] as string[],
    wronglyRefused: [] as string[],
    leaked: [] as string[],
    silent: [] as string[],
  }
  const counts = { accepted: 0, refused: 0, unanswered: 0 }
  const rssBytes: number[] = []
  const startedAt = performance.now()
  let done = 0
  await forEachAtMost(atOnce, all, async (request) => {
    const sent = Buffer.concat([bytesOfWire(signed(request, Date.now())), request.followedBy ?? Buffer.alloc(0)])
    const answer = await exchange(port, sent, request.method === 'HEAD')
    if (answer.status === 0) counts.unanswered += 1
    else if (answer.status < 400) counts.accepted += 1
    else counts.refused += 1
    look(request, sent, answer, planted, findings)
    if (answer.ending === 'silent') findings.silent.push(lineOf(request, sent, answer))
    done += 1
    if ([0.1, 0.5, 0.75, 1].some((share) => done === Math.ceil(all.length * share)))
      rssBytes.push(rssOf(lockstep.ready.pid))
    if (done % 1000 === 0) tell?.(`  ${done} requests, ${(rssOf(lockstep.ready.pid) / 1e6).toFixed(0)} MB`)
  })
  return {
    findings: { ...findings, failed: errorsIn(lockstep.logs), ended: await endOf(port, planted, lockstep) },
    ...counts,
    rssBytes,
    seconds: (performance.now() - startedAt) / 1000,
  }
}

function look(
  request: HostileRequest,
  sent: Buffer,
  answer: RawAnswer,
  planted: Planted,
  findings: Record<'wronglyAccepted' | 'wronglyRefused' | 'leaked', string[]>,
): void {
  const verdict = judge(request)
  const line = lineOf(request, sent, answer)
  if (verdict.must === 'refuse' && answer.status > 0 && answer.status < 400 && !deniesEach(answer))
    findings.wronglyAccepted.push(`${line} (${verdict.why})`)
  if (verdict.must === 'accept' && !reached(answer)) findings.wronglyRefused.push(line)
  const seen = leaks(planted, verdict.sees === 'nothing' ? null : request.as, answer.bytes, sent)
  if (seen.length > 0) findings.leaked.push(`${line}: ${seen.join(', ')}`)
}

function lineOf({ name, as, wrong, host }: HostileRequest, sent: Buffer, { status, code, ending }: RawAnswer): string {
  const first = sent.toString('latin1', 0, sent.indexOf('\r\n')).replace(/ HTTP.*/, '')
  const at = host === '127.0.0.1' ? '' : ` at ${host}`
  const what = /~.*|\[.*/.exec(name)?.[0] ?? ''
  return `${as} ${first.slice(0, 240)}${at} ${what}${wrong === null ? '' : ` {${wrong}}`} → ${status} ${code || ending}`
}

/** How S3 refuses a list of deletes: 200, and every key of it denied. */
const deniesEach = ({ bytes }: RawAnswer): boolean =>
  bytes.includes('<DeleteResult') && bytes.includes('<Code>AccessDenied</Code>') && !bytes.includes('<Deleted>')

/** Served, missing at the site, or shorter there than the range that is asked for: what the gateway had let pass. */
const reached = ({ status, code }: RawAnswer): boolean =>
  (status >= 200 && status < 400) || status === 416 || (status === 404 && code !== 'NoSuchBucket')

/** A client's fault is none of the gateway's. */
const errorsIn = (logs: readonly string[]): readonly string[] => logs.filter((line) => /"level":[56]0/.test(line))

/** null when the gateway still serves what it must. */
async function endOf(port: number, planted: Planted, lockstep: Lockstep): Promise<string | null> {
  const request = plainRead('viewer', planted)
  const answer = await exchange(port, bytesOfWire(signed(request, Date.now())), false)
  return answer.status === 200 ? null : `${answer.status} ${answer.ending}\n${lockstep.logs.slice(-20).join('\n')}`
}

function passedOn({ lines }: SiteRecord): readonly string[] {
  const own = new Set(Object.values(clients).map(({ bucket }) => bucket))
  return [...lines.keys()].filter((line) => {
    const [method, path = ''] = line.split(' ')
    // Anybody may ask for the rules of a bucket for browsers, and with no query for anything else.
    if (method === 'OPTIONS' && !path.includes('?')) return false
    const first = /^\/([^/?]*)/.exec(path)?.[1]
    // The engine's own probes ask for the list of buckets.
    return first === undefined || (first === '' ? !listsBuckets(path) : !own.has(first))
  })
}

/** `ListBuckets` with no more than the names that S3 has for it; the engine's own probes are such too. */
const listsBuckets = (path: string): boolean =>
  /^\/(?:\?(?:(?:prefix|max-buckets|continuation-token|bucket-region|x-id)(?:=[^&]*)?(?:&|$))*)?$/.test(path)

/** Nothing of others is touched, no setting at all; what a client wrote lies where it may write. */
function changes(before: SiteState, after: SiteState): readonly string[] {
  const writable = new Map(
    Object.values(clients)
      .filter(({ rights }) => rights.includes('write'))
      .map(({ bucket, prefix, expired }) => [bucket, expired ? null : prefix] as const)
      .filter((pair): pair is readonly [string, string] => pair[1] !== null),
  )
  const found = [
    ...difference(before.buckets, after.buckets).map((line) => `bucket ${line}`),
    ...difference(before.settings, after.settings).map((line) => `setting ${line}`),
  ]
  for (const [bucket, versions] of after.versions) {
    const prefix = writable.get(bucket)
    const changed = difference(before.versions.get(bucket) ?? [], versions)
    const strange = changed.filter((line) => prefix === undefined || !line.slice(1).startsWith(prefix))
    found.push(...strange.map((line) => `${bucket}: ${line}`))
    // Nobody may delete versions.
    if (prefix !== undefined) found.push(...changed.filter((line) => line.startsWith('-') && !line.endsWith(' upload')))
  }
  return found
}

function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  const [had, has] = [new Set(before), new Set(after)]
  return [
    ...before.filter((line) => !has.has(line)).map((line) => `-${line}`),
    ...after.filter((line) => !had.has(line)).map((line) => `+${line}`),
  ]
}

/** Copies of what a client may not read, and marks of replication that a client wrote. */
async function strangeContents(
  s3: Parameters<typeof contentsOf>[0],
  state: SiteState,
  planted: Planted,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const as of ['writer', 'scoped'] as const) {
    for (const [name, text] of await contentsOf(s3, state, clients[as].bucket)) {
      if (!name.startsWith(clients[as].prefix)) continue
      const seen = leaks(planted, as, Buffer.from(text, 'latin1'), Buffer.alloc(0))
      if (seen.length > 0) found.push(`${clients[as].bucket}/${name} holds ${seen.join(', ')}`)
      if (/[{,]"lockstep[-_]/i.test(text.split('\n', 1)[0]!))
        found.push(`${clients[as].bucket}/${name} bears a mark of replication`)
    }
  }
  return found
}

function rssOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
