import { assembleApi } from './composition/api.ts'
import { applyConfig } from './api/config.ts'
import { composeEngine, type EngineParts } from './composition/composition-root.ts'
import type { Engine, EngineOptions } from './composition/options.ts'

/**
 * Starts the engine: opens the journal (one engine at a time), reads sites and rules from it, applies the declared
 * configuration, and begins to watch, scan and copy. Refuses with a FaultError before anything has begun.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const parts = await composeEngine(options)
  const { api, config } = assembleApi(parts, options)
  try {
    await parts.sites.start()
    await parts.sseCKeys.load()
    await parts.gateway.load()
    parts.openSitesInThreads()
    if (options.config !== null) await applyConfig(options.config, config, { lasting: false })
    await parts.links.follow()
    tellRefused(parts)
    tellLostKeys(parts)
    parts.dispatcher.start()
    parts.series.start()
    for (const watch of parts.causeWatches) await watch.start()
    await parts.gateway.start()
  } catch (error) {
    await stopParts(parts)
    throw error
  }
  parts.eventLoop.begin(parts.now())
  parts.tell('info', 'engine', `Lockstep ${options.version} started.`)
  return {
    api,
    webhookUrl: parts.webhook?.url() ?? null,
    gatewayUrl: () => parts.gateway.url,
    noteStray: (fault) => parts.strays.note(fault),
    stop: once(() => stopParts(parts)),
  }
}

/** Rules of an older release that may not run beside each other any more: they are held, and the operator hears why. */
function tellRefused({ rules, links, tell }: EngineParts): void {
  for (const { id } of rules.rules()) {
    const refusal = links.refusal(id)
    if (refusal !== null) tell('error', 'rule', `Rule ${id} does not run. ${refusal.message}`, { ruleId: id })
  }
}

/** A key whose bytes went with the credentials: what is under it is refused until it is entered again. */
function tellLostKeys({ sseCKeys, tell }: EngineParts): void {
  for (const { name, isThere, usedByRules } of sseCKeys.list()) {
    if (isThere) continue
    const users =
      usedByRules.length === 0 ? 'No rule names it' : `Objects under it are refused by ${usedByRules.join(', ')}`
    tell('error', 'engine', `The SSE-C key ${name} is lost: enter it again. ${users}.`)
  }
}

/** Sources first, then the workers, the journal last: whatever ends on the way is still written. */
async function stopParts(parts: EngineParts): Promise<void> {
  parts.liveUpdates.stop()
  for (const watch of parts.causeWatches) watch.stop()
  parts.identities.stop()
  parts.guard.stop()
  parts.buckets.stop()
  await parts.jobs.stop()
  await parts.gateway.stop()
  await parts.webhook?.stop()
  await parts.attributePasses.stop()
  await parts.feeds.stop()
  parts.dispatcher.stop()
  parts.convergence.stop()
  await parts.pool.stop()
  parts.queue.close()
  parts.connections.closeAll()
  await parts.sites.stop()
  await parts.series.stop()
  parts.eventLoop.stop()
  await parts.journal.close()
}

function once(run: () => Promise<void>): () => Promise<void> {
  let ran: Promise<void> | null = null
  return () => (ran ??= run())
}
