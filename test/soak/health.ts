import type { Speaker } from './engine-life.ts'
import { siteNames, type Stage } from './stage.ts'
import type { Tally } from './tally.ts'
import { pause } from './storm.ts'

/** How long the engine may believe what was true before: several probes of five seconds, on a machine that is busy. */
const healthDelayMs = 45_000

/** Holds *online* and *offline* against what the network really does, every few seconds. */
export async function watchHealth(parts: {
  readonly stage: Stage
  readonly engine: Speaker
  readonly tally: Tally
  readonly signal: AbortSignal
}): Promise<void> {
  let life = 0
  let since = Date.now()
  while (!parts.signal.aborted) {
    await pause(5_000, parts.signal)
    if (parts.engine.lives !== life) {
      life = parts.engine.lives
      since = Date.now()
    }
    if (parts.engine.isRunning && Date.now() - since > healthDelayMs) await lookAtHealth(parts)
  }
}

/** What was so for `delayMs` must be said. */
export async function lookAtHealth(
  { stage, engine, tally }: Omit<Parameters<typeof watchHealth>[0], 'signal'>,
  delayMs = healthDelayMs,
): Promise<void> {
  const before = siteNames.map((name) => stage[name].truth)
  const views = await engine.now.api.sites.list.query().catch((error: unknown) => {
    tally.unasked('online', String(error))
    return []
  })
  for (const [index, name] of siteNames.entries()) {
    const { weather, since } = before[index]!
    const view = views.find((one) => one.id === name)
    if (view === undefined || stage[name].truth.since !== since || Date.now() - since < delayMs) continue
    const { state, asOf, lastFault } = view.health
    const forSeconds = Math.round((Date.now() - since) / 1000)
    if (weather === 'down' && state === 'online')
      tally.lie(
        'online',
        `${name} cannot be reached for ${forSeconds} s and is called online as of ${new Date(asOf).toISOString()}`,
      )
    else if (weather === 'down') tally.held('offline')
    if (weather === 'fair' && state === 'offline')
      tally.lie(
        'offline',
        `${name} answers for ${forSeconds} s and is called offline: ${lastFault?.message ?? 'no reason'}`,
      )
    else if (weather === 'fair') tally.held('online')
  }
}
