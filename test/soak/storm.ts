import { setTimeout as wait } from 'node:timers/promises'
import type { Random } from '../support/random.ts'
import type { EngineLife } from './engine-life.ts'
import { siteNames, type Stage, type StageSite } from './stage.ts'

export interface StormOptions {
  readonly stage: Stage
  readonly engine: EngineLife
  readonly random: Random
  readonly signal: AbortSignal
  /** Whether the engine may be killed just now: not in the half in which its memory is measured. */
  readonly mayKillEngine: () => boolean
  /** The longest that a fault lasts, ms. */
  readonly longestMs: number
  readonly tell: (line: string) => void
}

/** What can go wrong, one name each. */
type FaultName =
  | 'engine kill -9'
  | 'site kill -9'
  | 'cut off'
  | 'swallowed'
  | 'slow'
  | 'resets'
  | 'lost answers'
  | 'cut requests'
  | '503'

const weights: readonly (readonly [FaultName, number])[] = [
  ['engine kill -9', 2],
  ['site kill -9', 2],
  ['cut off', 3],
  ['swallowed', 1],
  ['slow', 2],
  ['resets', 3],
  ['lost answers', 2],
  ['cut requests', 2],
  ['503', 3],
]

/** One fault after the other, at random, with calm between them. Resolves with how often each came; everything is mended then. */
export async function storm(options: StormOptions): Promise<ReadonlyMap<FaultName, number>> {
  const { random, signal } = options
  const done = new Map<FaultName, number>()
  while (!signal.aborted) {
    await pause(random.int(3_000, 12_000), signal)
    if (signal.aborted) break
    const name = pick(random)
    if (name === 'engine kill -9' && !options.mayKillEngine()) continue
    const site = options.stage[random.pick(siteNames)]
    const forMs = Math.min(options.longestMs, random.chance(0.15) ? 75_000 : random.int(2_000, 30_000))
    options.tell(`${name}${name === 'engine kill -9' ? '' : ` at ${site.name} for ${Math.round(forMs / 1000)} s`}`)
    await raise(name, site, forMs, options)
    done.set(name, (done.get(name) ?? 0) + 1)
  }
  return done
}

async function raise(name: FaultName, site: StageSite, forMs: number, options: StormOptions): Promise<void> {
  switch (name) {
    case 'engine kill -9':
      await options.engine.kill9()
      await wait(options.random.int(0, 2_000))
      return await options.engine.start()
    case 'site kill -9':
      site.turn('down')
      await site.kill()
      await pause(forMs, options.signal)
      await restart(site, options)
      return site.turn('fair')
    case 'cut off':
      return await during(site, 'down', forMs, options, () => site.proxy.turnOff())
    case 'swallowed':
      return await during(site, 'down', forMs, options, () => site.proxy.setWeather({ blackhole: true }))
    case 'slow': {
      const delayMs = options.random.int(20, 300)
      return await during(site, 'bad', forMs, options, () => site.proxy.setWeather({ delayMs }))
    }
    case 'resets':
      return await during(site, 'bad', forMs, options, () => resetNowAndThen(site, forMs, options))
    case 'lost answers':
      return await during(site, 'bad', forMs / 3, options, () => site.proxy.setWeather({ loseAnswers: true }))
    case 'cut requests':
      return await during(site, 'bad', forMs / 3, options, () => site.proxy.setWeather({ cutRequests: true }))
    case '503':
      return await during(site, 'bad', forMs, options, () => site.proxy.setWeather({ busy: true }))
  }
}

/** A server may need longer than its script waits, on a machine that is busy: it is down until it is up. */
async function restart(site: StageSite, { tell }: StormOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await site.restart()
    } catch (error) {
      if (tries === 5) throw error
      tell(`${site.name} has not come up yet: ${String(error).split('\n').at(-2) ?? ''}`)
    }
  }
}

async function during(
  site: StageSite,
  weather: 'bad' | 'down',
  forMs: number,
  { signal }: StormOptions,
  begin: () => unknown,
): Promise<void> {
  site.turn(weather)
  const startedAt = Date.now()
  await begin()
  await pause(forMs - (Date.now() - startedAt), signal)
  await site.proxy.clearUp()
  site.turn('fair')
}

/** Cuts in the middle of bodies, and all connections at once. */
async function resetNowAndThen(site: StageSite, forMs: number, { random, signal }: StormOptions): Promise<void> {
  const until = Date.now() + forMs
  while (Date.now() < until && !signal.aborted) {
    if (random.chance(0.5)) site.proxy.reset()
    else site.proxy.cutAfter(random.pick(['up', 'down']), random.int(1, 200_000))
    await pause(random.int(300, 2_000), signal)
  }
}

function pick(random: Random): FaultName {
  let left = random.int(
    1,
    weights.reduce((sum, [, weight]) => sum + weight, 0),
  )
  for (const [name, weight] of weights) {
    left -= weight
    if (left <= 0) return name
  }
  return 'resets'
}

/** Ends early, without a fault, when the signal does. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return
  await wait(delayMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
