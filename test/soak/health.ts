import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import type { LinkView } from '../../shared/model/rule.ts'
import { s3Client } from '../support/s3-site.ts'
import type { Speaker } from './engine-life.ts'
import { soakRules } from './rules.ts'
import { siteNames, type SiteName, type Stage } from './stage.ts'
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
  /** What the network has been for long enough, and still is. */
  const lastingly = (name: SiteName): 'fair' | 'down' | null => {
    const { weather, since } = before[siteNames.indexOf(name)]!
    const isLasting = stage[name].truth.since === since && Date.now() - since >= delayMs
    return isLasting && weather !== 'bad' ? weather : null
  }
  const links = await engine.now.api.rules.list.query().then(
    (rules) => rules.flatMap((rule) => rule.links),
    () => [],
  )
  for (const link of links) await checkLink(link, lastingly, stage, tally)
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
    if (weather === 'fair' && state === 'offline' && !(await answers(stage, name)))
      tally.unasked('online', `${name} itself is silent`)
    else if (weather === 'fair' && state === 'offline')
      tally.lie(
        'offline',
        `${name} answers for ${forSeconds} s and is called offline: ${lastFault?.message ?? 'no reason'}`,
      )
    else if (weather === 'fair') tally.held('online')
  }
}

const calm: readonly string[] = ['in-step', 'copying', 'first-copy'] satisfies LinkView['state']['kind'][]

async function checkLink(
  { ruleId, source, target, state }: LinkView,
  lastingly: (name: SiteName) => 'fair' | 'down' | null,
  stage: Stage,
  tally: Tally,
): Promise<void> {
  const sides = siteNames.filter((name) => name === source.site || name === target.site)
  const said = `${ruleId} → ${target.site} is called ${state.kind}`
  const down = sides.filter((name) => lastingly(name) === 'down')
  if (down.length > 0 && calm.includes(state.kind))
    tally.lie('held', `${said}, and ${down.join(', ')} cannot be reached`)
  else if (state.kind !== 'held' || state.by.what !== 'offline' || sides.some((name) => lastingly(name) !== 'fair'))
    tally.held('held')
  else if ((await Promise.all(sides.map((name) => answers(stage, name)))).includes(false))
    tally.unasked('held', 'a site itself is silent')
  else tally.lie('held', `${said}, and both sites answer: ${state.reason}`)
}

/** As long as a probe of the engine waits. */
const answerMs = 5_000

/**
 * Does the site itself answer, past the bad network, and take a write? A server on a busy machine may stand still for a while
 * without our doing, and its listings come back before its writes do.
 */
async function answers(stage: Stage, name: SiteName): Promise<boolean> {
  const client = s3Client(stage[name].direct, 1, 1)
  // As the engine's own probes are called: no rule copies it.
  const canary = { Bucket: soakRules[0]!.id, Key: `.lockstep-canary/${randomUUID()}` }
  const options = { abortSignal: AbortSignal.timeout(answerMs) }
  try {
    const { VersionId } = await client.send(new PutObjectCommand({ ...canary, Body: name }), options)
    await client.send(new DeleteObjectCommand({ ...canary, VersionId }), options)
    return true
  } catch (error) {
    return error instanceof S3ServiceException && (error.$metadata.httpStatusCode ?? 500) < 500
  } finally {
    client.destroy()
  }
}
