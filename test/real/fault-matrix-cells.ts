import type { RuleInput } from '../../shared/model/rule.ts'

/** How a network between the engine and a site breaks, for every request while it lasts. */
export const steps = ['refuses', 'cuts', 'loses answers', 'hangs'] as const
export type Step = (typeof steps)[number]

export const places = ['source', 'near', 'far'] as const
export type Place = (typeof places)[number]
export type Storm = Readonly<Partial<Record<Place, Step>>>

/** Long enough for the healthy target on a slow machine, short enough for forty cells that wait in vain. */
const patienceMs = 5_000
/** A rule of its own for each; near and far are its targets. */
export const policies = {
  async: { policy: 'async' },
  one: { policy: 'one', timeoutMs: patienceMs },
  majority: { policy: 'majority', timeoutMs: patienceMs },
  all: { policy: 'all', timeoutMs: patienceMs },
  degrade: { policy: 'all', timeoutMs: patienceMs, onTimeout: 'degrade' },
} as const satisfies Record<string, NonNullable<RuleInput['ack']>>
export type Policy = keyof typeof policies

/** Targets without which no success may be told. Who degrades promises to say so, and no more. */
const targetsPromised: Readonly<Record<Policy, number>> = { async: 0, one: 1, majority: 1, all: 2, degrade: 0 }

export const operations = ['put', 'small put', 'delete', 'delete two', 'complete'] as const
export type Operation = (typeof operations)[number]

export interface Cell {
  readonly storm: Storm
  readonly policy: Policy
  readonly operation: Operation
  readonly keys: readonly string[]
}

const single = steps.flatMap((step): readonly Storm[] => [{ source: step }, { far: step }, { near: step, far: step }])

/** Source and targets fail at once: each before and after it has stored what is written. */
const double: readonly Storm[] = [
  { source: 'cuts', near: 'loses answers', far: 'cuts' },
  { source: 'cuts', far: 'hangs' },
  { source: 'refuses', near: 'loses answers', far: 'loses answers' },
  { source: 'loses answers', near: 'cuts', far: 'loses answers' },
  { source: 'hangs', near: 'loses answers', far: 'refuses' },
]
export const storms: readonly Storm[] = [...single, ...double]

export function wordsOf(storm: Storm): string {
  return places
    .filter((place) => storm[place] !== undefined)
    .map((place) => `${place} ${storm[place]}`)
    .join(', ')
}

/** Puts under every policy; what leaves in one piece, takes away or joins parts where one target and all targets are promised. */
export function cellsOf(storm: Storm): readonly Cell[] {
  const cell = (policy: Policy, operation: Operation): Cell => {
    const name = `${wordsOf(storm)}/${operation}`.replaceAll(/[ ,]+/g, '-')
    const keys = operation === 'delete two' ? [`${name}-1`, `${name}-2`] : [name]
    return { storm, policy, operation, keys }
  }
  const names = Object.keys(policies) as Policy[]
  const others = operations.filter((operation) => operation !== 'put')
  return [
    ...names.map((policy) => cell(policy, 'put')),
    ...(['one', 'all'] as const).flatMap((policy) => others.map((operation) => cell(policy, operation))),
  ]
}

/** Versions of one key at one site, newest first, such as `marker object`; '' when there is none. */
export type Sequence = string
export type Look = Readonly<Record<Place, readonly Sequence[]>>

export interface Heard {
  /** `200`, or `503 ReplicationNotConfirmed`. */
  readonly answer: string
  readonly message: string
  /** `x-lockstep-acks`. */
  readonly acks: string | null
  /** The console said, when the client was answered, that the rule is degraded. */
  readonly degraded: boolean
}

/** Does the site have the change? */
function has(operation: Operation, sequences: readonly Sequence[]): boolean {
  const first = operation.startsWith('delete') ? 'marker' : 'object'
  return sequences.every((sequence) => sequence.startsWith(first))
}

/** What each key must look like everywhere once all is well: a request that the source had whole was carried out, once. */
function sequenceInTheEnd({ storm, operation }: Cell): Sequence {
  const stored = storm.source === undefined || storm.source === 'loses answers'
  if (operation.startsWith('delete')) return stored ? 'marker object' : 'object'
  return stored ? 'object' : ''
}

/** Every way in which a cell may be a lie; [] when it is none. */
export function lies(cell: Cell, heard: Heard, atOnce: Look, healed: Look): readonly string[] {
  const wanted = cell.keys.map(() => sequenceInTheEnd(cell))
  const ends = places
    .filter((place) => healed[place].join('; ') !== wanted.join('; '))
    .map((place) => `in the end ${place} has “${healed[place].join('; ')}”, not “${wanted.join('; ')}”`)
  return [...liesOfAnswer(cell, heard, atOnce), ...ends]
}

function liesOfAnswer(cell: Cell, { answer, message, acks, degraded }: Heard, atOnce: Look): readonly string[] {
  const { storm, policy, operation } = cell
  const holders = places.filter((place) => has(operation, atOnce[place]))
  const healthy = (['near', 'far'] as const).filter((place) => storm[place] === undefined).length
  const found: string[] = []
  const tell = (lie: boolean, words: string): void => void (lie && found.push(words))
  if (answer === '200') {
    tell(storm.source !== undefined, 'success, though the source cannot have said so')
    tell(!holders.includes('source'), 'success, and the source has it not')
    tell(holders.length < 1 + targetsPromised[policy], `success, and only ${holders.join()} have it`)
    tell(Number(acks?.split('/')[0]) > holders.length, `acks ${acks}, and only ${holders.join()} have it`)
    tell(
      policy === 'degrade' && acks !== '3/3' && !degraded,
      `acks ${acks}, and the rule does not say that it is degraded`,
    )
    return found
  }
  tell(!answer.startsWith('503 '), `heard ${answer}`)
  tell(
    storm.source === undefined && healthy >= targetsPromised[policy],
    `heard ${answer}, though nothing that was promised failed`,
  )
  tell(
    message.startsWith('Stored at the source') && !holders.includes('source'),
    'told stored at the source, and it is not',
  )
  tell(message.includes('has not taken the write') && holders.includes('source'), 'told not taken, and it is')
  return found
}

/** One line of the table. */
export function lineOf(cell: Cell, { answer, acks, degraded }: Heard, atOnce: Look, healed: Look): string {
  const marks = (look: Look): string => places.map((place) => (has(cell.operation, look[place]) ? '✓' : '–')).join('')
  const heard = `${answer}${acks === null ? '' : ` (${acks}${degraded ? ', degraded' : ''})`}`
  return [
    wordsOf(cell.storm).padEnd(56),
    cell.operation.padEnd(10),
    cell.policy.padEnd(8),
    heard.padEnd(36),
    marks(atOnce),
    marks(healed),
  ].join('  ')
}
