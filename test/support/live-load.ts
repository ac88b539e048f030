import { setTimeout as wait } from 'node:timers/promises'
import { Random } from './random.ts'
import { carryOut, type KeyState, type WorkloadTarget } from './workload.ts'
import type { Step } from './workload-plan.ts'

export interface LiveLoadOptions extends WorkloadTarget {
  readonly seed: number
  /** Changes to make; the load also ends, without a fault, when the signal does. */
  readonly total: number
  /** As fast as the site takes them when absent. */
  readonly changesPerSecond?: number
  readonly keyPrefix?: string
  /** Keys that the changes fall on; default 500. Fewer keys mean more changes of the same key. */
  readonly keys?: number
  /** Changes under way at one time; default 16. */
  readonly concurrency?: number
  readonly maxBytes?: number
  /** What to do: default a mix of writes, deletes and tag changes; `puts` writes new keys only. */
  readonly mix?: 'mixed' | 'mixed with version deletes' | 'puts'
  readonly signal?: AbortSignal
  /** Called when a change is acknowledged by the site. */
  readonly onChange?: (change: LiveChange) => void
}

export interface LiveChange {
  readonly key: string
  readonly kind: Step['kind']
  readonly versionId: string | null
  /** Epoch ms of the site's answer. */
  readonly acknowledgedAt: number
}

/** Changes spread over time and keys. Changes of one key follow each other; resolves with how many were acknowledged. */
export async function liveLoad(options: LiveLoadOptions): Promise<number> {
  const random = new Random(options.seed)
  const lastOfKey = new Map<string, Promise<void>>()
  const underWay = new Set<Promise<void>>()
  const states = new Map<string, KeyState>()
  const startedAt = performance.now()
  let acknowledged = 0
  for (let index = 0; index < options.total && options.signal?.aborted !== true; index++) {
    await untilDue(options, index, startedAt)
    while (underWay.size >= (options.concurrency ?? 16)) await Promise.race(underWay)
    const { key, step } = nextChange(random, options, index)
    const state = states.get(key) ?? []
    states.set(key, state)
    const change = after(lastOfKey.get(key), async () => {
      const done = await carryOut(options, key, step, state)
      if (typeof done !== 'number') return
      acknowledged += 1
      options.onChange?.({ key, kind: step.kind, versionId: state.at(-1) ?? null, acknowledgedAt: Date.now() })
    })
    lastOfKey.set(key, change)
    underWay.add(change)
    const forget = (): void => void underWay.delete(change)
    change.then(forget, forget)
  }
  await Promise.all(lastOfKey.values())
  return acknowledged
}

async function after(former: Promise<void> | undefined, act: () => Promise<void>): Promise<void> {
  await former
  await act()
}

async function untilDue(options: LiveLoadOptions, index: number, startedAt: number): Promise<void> {
  if (options.changesPerSecond === undefined) return
  const aheadMs = startedAt + (index * 1000) / options.changesPerSecond - performance.now()
  if (aheadMs > 1) await wait(aheadMs)
}

function nextChange(random: Random, options: LiveLoadOptions, index: number): { key: string; step: Step } {
  const number = options.mix === 'puts' ? index : random.int(0, (options.keys ?? 500) - 1)
  const key = `${options.keyPrefix ?? 'live/'}object-${String(number).padStart(6, '0')}`
  return { key, step: nextStep(random, options) }
}

function nextStep(random: Random, options: LiveLoadOptions): Step {
  const roll = random.next()
  const content = { metadata: { change: String(random.int(0, 1_000_000)) }, tags: {} }
  const sizeBytes = random.int(0, options.maxBytes ?? 4096)
  const put: Step = { kind: 'put', seed: random.int(1, 0x7fff_ffff), sizeBytes, content }
  if (options.mix === 'puts' || roll < 0.65) return put
  if (roll < 0.8) return { kind: 'deleteMarker' }
  if (roll < 0.9 && options.mix === 'mixed with version deletes') {
    return { kind: 'deleteVersion', which: random.pick(['newest', 'oldest'] as const) }
  }
  return { kind: 'tags', tags: { colour: random.pick(['red', 'green', 'blue']) } }
}
