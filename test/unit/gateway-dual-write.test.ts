import { expect, test } from 'vitest'
import { chosen, mayDualWrite, suits, type TargetFacts } from '../../electron/engine/gateway/dual-write/fitness.ts'
import { LeftBehind, SharedBody } from '../../electron/engine/gateway/dual-write/shared-body.ts'
import { parseQuery } from '../../electron/engine/s3/query.ts'
import { linksOf } from '../../electron/engine/rule/link.ts'
import { ruleSchema, type RuleInput } from '../../shared/model/rule.ts'
import { HandClock } from './scan-world.ts'

/** Counts what was read, and whether the reading was ended. */
function bodyOf(pieces: readonly string[]) {
  const seen = { read: 0, ended: false }
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (const piece of pieces) {
        seen.read++
        yield await Promise.resolve(Buffer.from(piece))
      }
    } finally {
      seen.ended = true
    }
  }
  return { seen, body: body() }
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const piece of body) text += Buffer.from(piece).toString()
  return text
}

test('every taker of a body gets all of it, and nobody is more than one piece ahead', async () => {
  const { seen, body } = bodyOf(['one ', 'two ', 'three'])
  const shared = new SharedBody(body, 1_000, new HandClock())
  const [source, target] = [shared.taker(), shared.taker()]
  const ahead = source.body[Symbol.asyncIterator]()
  const first = ahead.next()
  expect(seen.read).toBe(0)
  const slow = target.body[Symbol.asyncIterator]()
  await Promise.all([first, slow.next()])
  const second = ahead.next()
  expect(seen.read).toBe(1)
  await Promise.all([second, slow.next()])
  expect(seen.read).toBe(2)
  const rest = (iterator: AsyncIterator<Uint8Array>) => whole({ [Symbol.asyncIterator]: () => iterator })
  expect(await Promise.all([rest(ahead), rest(slow)])).toEqual(['three', 'three'])
  expect([seen.ended, target.left.aborted]).toEqual([true, false])
})

test('a taker that stands still is left behind, but not the one for whose sake the body is read', async () => {
  const clock = new HandClock()
  const shared = new SharedBody(bodyOf(['one ', 'two']).body, 1_000, clock)
  const [source, target] = [shared.taker(), shared.taker()]
  const all = whole(source.body)
  clock.wind(1_001)
  expect(await all).toBe('one two')
  expect(target.left.aborted).toBe(true)
  await expect(whole(target.body)).rejects.toThrow(LeftBehind)

  const again = new SharedBody(bodyOf(['one ', 'two']).body, 1_000, clock)
  const [late, early] = [again.taker(), again.taker()]
  const waiting = whole(early.body)
  clock.wind(60_000)
  expect(await Promise.all([whole(late.body), waiting])).toEqual(['one two', 'one two'])
})

test('a body that breaks breaks for all, and one that nobody wants is not read on', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('x'))
    throw new Error('the client went away')
  }
  const shared = new SharedBody(broken(), 1_000, new HandClock())
  const ends = [shared.taker(), shared.taker()].map(({ body }) => whole(body))
  for (const end of ends) await expect(end).rejects.toThrow('the client went away')

  const { seen, body } = bodyOf(['one', 'two'])
  const unwanted = new SharedBody(body, 1_000, new HandClock())
  const takers = [unwanted.taker(), unwanted.taker()]
  await Promise.all(takers.map((taker) => taker.body[Symbol.asyncIterator]().next()))
  for (const taker of takers) taker.leave(new Error('enough'))
  await expect.poll(() => seen).toEqual({ read: 1, ended: true })
})

const plain = { 'content-type': 'text/plain', 'x-amz-meta-colour': 'blue', 'x-amz-checksum-crc32': 'AAAAAA==' }

test('only what a target can be asked in the same words goes to it at the same time', () => {
  const may = (headers: Record<string, string>, query = ''): boolean =>
    mayDualWrite({ ...plain, ...headers }, parseQuery(query))
  expect(may({})).toBe(true)
  expect(may({ 'x-amz-tagging': 'a=b', 'cache-control': 'no-store', 'x-amz-acl': 'private' }, 'x-id=PutObject')).toBe(
    true,
  )
  expect(mayDualWrite({ 'x-amz-meta-colour': 'blue' }, parseQuery(''))).toBe(false)
  for (const headers of [
    { 'if-none-match': '*' },
    { 'if-match': '"abc"' },
    { 'x-amz-server-side-encryption': 'aws:kms' },
    { 'x-amz-object-lock-mode': 'COMPLIANCE' },
    { 'x-amz-storage-class': 'GLACIER' },
    { 'x-amz-meta-lockstep-version': 'v' },
    { 'x-amz-meta-long': 'x'.repeat(1_700) },
    { 'x-amz-of-tomorrow': 'yes' },
  ])
    expect([headers, may(headers)]).toEqual([headers, false])
  expect(may({}, 'x-amz-meta-hoisted=1')).toBe(false)
})

const sync = (rule: Partial<RuleInput>) =>
  linksOf(
    ruleSchema.parse({
      id: 'r',
      source: { site: 'a', bucket: 'data' },
      targets: ['b', 'c', 'd'].map((site) => ({ site, bucket: 'data' })),
      ...rule,
    }),
  )
const fit: TargetFacts = {
  order: { identity: 'mints' },
  source: { versioned: true, objectLock: false },
  online: true,
  rttMs: 1,
}

test('of the targets the nearest that the policy needs are written to, as far as they can be', () => {
  const rtts: Record<string, number | null> = { b: 30, c: null, d: 5 }
  const names = (policy: 'one' | 'majority' | 'all', unfit: string[] = []) =>
    chosen(
      sync({ ack: { policy } }).map((link) => ({
        link,
        facts: { ...fit, rttMs: rtts[link.target.site]!, online: !unfit.includes(link.target.site) },
      })),
    ).map(({ link }) => link.target.site)
  expect([names('one'), names('majority'), names('all')]).toEqual([['d'], ['d', 'b'], ['d', 'b', 'c']])
  expect(names('majority', ['d'])).toEqual(['b'])
})

test('a target that adopts ids, and a rule that needs the source’s answer, wait for it', () => {
  const [link] = sync({})
  const [filtered] = sync({ filter: { tags: { keep: 'yes' } } })
  const [slow] = sync({ bandwidth: { bytesPerSecond: 1024 } })
  const [withAcl] = sync({ fidelity: { acl: 'carry' } })
  expect(suits(link!, fit)).toBe(true)
  expect([suits(filtered!, fit), suits(slow!, fit), suits(withAcl!, fit)]).toEqual([false, false, false])
  for (const facts of [
    { ...fit, order: { identity: 'adopts-minio' } as const },
    { ...fit, order: null },
    { ...fit, source: null },
    { ...fit, source: { versioned: false, objectLock: false } },
    { ...fit, source: { versioned: true, objectLock: true } },
    { ...fit, online: false },
  ])
    expect([facts, suits(link!, facts)]).toEqual([facts, false])
})
