import { Random } from '../support/random.ts'
import { clients, type ClientName } from './clients.ts'
import type { HostileRequest } from './hostile-request.ts'
import { bodyChanges } from './odd-bodies.ts'
import { headChanges } from './odd-heads.ts'
import { foreignPaths, serverPaths, targetChanges } from './odd-targets.ts'
import type { Planted } from './planted.ts'
import { serverText, settings } from './s3-requests.ts'
import { plainRead, wellFormed } from './well-formed.ts'

type Change = (random: Random, request: HostileRequest) => HostileRequest

const changes: Readonly<Record<string, readonly Change[]>> = { ...targetChanges, ...headChanges, ...bodyChanges }
/** How often each kind of change is made, of 100. */
const weights: Readonly<Record<string, number>> = {
  path: 20,
  query: 20,
  header: 18,
  signature: 14,
  host: 6,
  method: 4,
  framing: 8,
  document: 6,
  length: 4,
}

/** So many requests; the same for one seed. A third are known attacks in turn, the rest are made up. */
export function generate(planted: Planted, seed: number, count: number): readonly HostileRequest[] {
  const random = new Random(seed)
  const known = shuffled(knownAttacks(planted), random)
  return Array.from({ length: count }, (_, index) => {
    if (index % 3 === 0) return known[(index / 3) % known.length]!
    return random.chance(0.25) ? wellFormed(random, planted) : changed(random, wellFormed(random, planted))
  })
}

function changed(random: Random, request: HostileRequest): HostileRequest {
  let one = request
  for (let times = random.chance(0.7) ? 1 : 2; times > 0; times--) {
    const kind = pickKind(random, one === request ? [] : [...Object.keys(bodyChanges), 'signature'])
    const name = one.name
    // What was wrong stays wrong, whatever is changed besides.
    const next = random.pick(changes[kind]!)(random, one)
    one = {
      ...next,
      untouched: false,
      wrong: next.wrong ?? one.wrong,
      name: `${next.name === name ? name : next.name} ~${kind}`,
    }
    if (one.late !== undefined) break
  }
  return one
}

/** The second change is none of the body or the signature: it would put another in the place of what is wrong. */
function pickKind(random: Random, without: readonly string[]): string {
  const open = Object.entries(weights).filter(([kind]) => !without.includes(kind))
  let left = random.int(0, open.reduce((sum, [, weight]) => sum + weight, 0) - 1)
  return open.find(([, weight]) => (left -= weight) < 0)![0]
}

const names: readonly ClientName[] = ['viewer', 'writer', 'scoped']

/** Every path of others in every spelling, every sub-resource by every method: a list, not chance. */
function knownAttacks(planted: Planted): HostileRequest[] {
  const on = (as: ClientName, method: string, target: string): HostileRequest => ({
    ...plainRead(as, planted),
    name: `${as} ${method} ${target.slice(0, 200)}`,
    method,
    target,
    untouched: false,
  })
  const words = [
    ...settings,
    ...serverText,
    'acl',
    'versions',
    'uploads',
    'tagging',
    'torrent',
    'retention',
    'legal-hold',
  ]
  return [
    ...foreignPaths.flatMap((path, index) => {
      const as = names[index % 3]!
      return [on(as, 'GET', path), on(as, 'HEAD', path), on(as, 'DELETE', path), on(as, 'GET', `${path}?versions`)]
    }),
    ...serverPaths.map((path, index) => on(names[index % 3]!, index % 5 === 0 ? 'POST' : 'GET', path)),
    ...words.flatMap((word) =>
      names.flatMap((as) => {
        const path = `/${clients[as].bucket}`
        const key = `${path}/${clients[as].prefix}new/word`
        return [
          on(as, 'GET', `/?${word}`),
          ...['GET', 'PUT', 'DELETE', 'POST'].map((method) => on(as, method, `${path}?${word}`)),
          ...['GET', 'PUT', 'DELETE', 'POST'].map((method) => on(as, method, `${key}?${word}`)),
        ]
      }),
    ),
  ]
}

function shuffled<T>(all: readonly T[], random: Random): readonly T[] {
  const left = [...all]
  for (let index = left.length - 1; index > 0; index--) {
    const other = random.int(0, index)
    const kept = left[index]!
    left[index] = left[other]!
    left[other] = kept
  }
  return left
}
