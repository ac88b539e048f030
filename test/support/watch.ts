import { expect } from 'vitest'
import type { LinkState } from '../../shared/model/rule.ts'
import type { Failure } from '../../shared/model/task.ts'
import { failureListInput } from '../../shared/api/inputs.ts'
import type { World } from './world.ts'

/** The link's badge with its words, as one value. */
export function badge(world: World, ruleId = 'r'): { readonly kind: string; readonly text: string } {
  const state: LinkState = world.link(ruleId).state
  const text = 'reason' in state ? `${state.reason} → ${state.remedy}` : ''
  return { kind: state.kind, text }
}

/** Waits for a badge; fails with the one that is there. */
export async function untilBadge(world: World, kind: LinkState['kind'], text: RegExp = /^/, timeout = 15_000) {
  await expect
    .poll(() => badge(world), { timeout, interval: 25 })
    .toMatchObject({
      kind,
      text: expect.stringMatching(text) as string,
    })
}

/** The failure list, by key. */
export async function failures(world: World): Promise<readonly Failure[]> {
  return (await world.api().failures.list(failureListInput.parse({ sort: 'key', descending: false }))).rows
}

/** Waits until exactly these keys are parked; returns their rows. */
export async function untilParked(world: World, keys: readonly string[]): Promise<readonly Failure[]> {
  const parked = async (): Promise<readonly Failure[]> =>
    (await failures(world)).filter((row) => row.state === 'parked')
  await expect.poll(async () => (await parked()).map((row) => row.key), { timeout: 15_000, interval: 25 }).toEqual(keys)
  return await parked()
}

/** What the operator does after the cause is mended. */
export async function retryAll(world: World): Promise<void> {
  await world.api().failures.retry({ seqs: (await failures(world)).map((row) => row.seq) })
}
