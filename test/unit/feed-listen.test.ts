import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { FaultError, fault } from '../../shared/model/fault.ts'
import { startListen } from '../../electron/engine/feed/listen.ts'
import { LineSplitter } from '../../electron/engine/feed/lines.ts'
import type { Change } from '../../electron/engine/feed/port.ts'
import { eventually } from '../support/eventually.ts'
import { HandClock } from './scan-world.ts'

const line = (key: string): string =>
  `${JSON.stringify({ Records: [{ eventName: 's3:ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key, versionId: 'v' } } }] })}\n`

/** A site whose streams the test writes, and an intake that writes down what it got. */
function world(offer: (changes: readonly Change[]) => Promise<void> = () => Promise.resolve()) {
  const clock = new HandClock()
  const streams: PassThrough[] = []
  const asked: string[] = []
  const got: string[] = []
  const refusals: Error[] = []
  let gaps = 0
  const feed = startListen({
    stream: ({ bucket, query }) => {
      asked.push(`${bucket}?${query.map(([name, value]) => `${name}=${value}`).join('&')}`)
      const refusal = refusals.shift()
      if (refusal !== undefined) return Promise.reject(refusal)
      streams.push(new PassThrough())
      return Promise.resolve(streams.at(-1)!)
    },
    siteId: 'a',
    bucket: 'b',
    prefix: 'in/',
    encoding: 'raw',
    intake: {
      offer: async (changes) => {
        await offer(changes)
        got.push(changes.map((change) => change.key).join(','))
      },
    },
    clock,
    random: () => 1,
    onGap: () => void (gaps += 1),
  })
  const until = (check: () => boolean) =>
    eventually(() => {
      if (!check())
        throw new Error(`not yet: ${JSON.stringify({ got, gaps, streams: streams.length, view: feed.view() })}`)
    })
  return { clock, streams, asked, got, refusals, feed, until, gaps: () => gaps }
}

test('every connect asks for a catch-up scan, and events come in whole though lines are cut anywhere', async () => {
  const { streams, asked, got, feed, until, gaps } = world()
  await until(() => feed.view().state === 'live')
  const text = Buffer.from(line('in/ü') + '\n \n{"Records":[]}\nnull\n' + line('in/2'))
  for (const byte of text) streams[0]!.write(Buffer.from([byte]))
  await until(() => got.join() === 'in/ü,in/2')
  expect(asked).toEqual(['b?events=s3:ObjectCreated:*&events=s3:ObjectRemoved:*&prefix=in/&ping=10'])
  expect(gaps()).toBe(1)
  await feed.stop()
  expect(streams[0]!.destroyed).toBe(true)
})

test('a stream that ends or is refused is taken up again, later each time, with another scan', async () => {
  const { clock, streams, refusals, feed, until, gaps } = world()
  await until(() => streams.length === 1)
  refusals.push(new FaultError(fault('ACCESS_DENIED', 'ListenNotification: not allowed')))
  streams[0]!.end()
  await until(() => feed.view().fault?.code === 'CONNECTION_LOST')
  clock.wind(1000)
  await until(() => feed.view().fault?.code === 'ACCESS_DENIED')
  clock.wind(1999)
  expect(streams).toHaveLength(1)
  clock.wind(1)
  await until(() => streams.length === 2 && feed.view().state === 'live')
  expect({ gaps: gaps(), fault: feed.view().fault }).toEqual({ gaps: 2, fault: null })
  await feed.stop()
})

test('thirty seconds without a ping end the stream, pings keep it', async () => {
  const { clock, streams, feed, until } = world()
  await until(() => feed.view().state === 'live')
  clock.wind(29_000)
  streams[0]!.write('{"Records":[]}\n')
  await until(() => streams[0]!.readableLength === 0)
  clock.wind(29_000)
  expect(feed.view().state).toBe('live')
  clock.wind(1000)
  await until(() => feed.view().fault?.code === 'BODY_STALLED')
  await feed.stop()
})

test('events that arrive while a write is under way go together into the next', async () => {
  const release: (() => void)[] = []
  const { streams, got, feed, until } = world(() => new Promise((resolve) => release.push(resolve)))
  await until(() => feed.view().state === 'live')
  streams[0]!.write(line('1'))
  await until(() => release.length === 1)
  for (const key of ['2', '3', '4']) streams[0]!.write(line(key))
  await until(() => streams[0]!.readableLength === 0)
  release[0]!()
  await until(() => release.length === 2)
  release[1]!()
  await until(() => got.length === 2)
  expect(got).toEqual(['1', '2,3,4'])
  await feed.stop()
})

test('what could not be journaled or read is left to a scan', async () => {
  const broken = world(() => Promise.reject(new FaultError(fault('JOURNAL_UNWRITABLE', 'The disk is full.'))))
  await broken.until(() => broken.feed.view().state === 'live')
  broken.streams[0]!.write(line('1'))
  await broken.until(() => broken.feed.view().fault?.code === 'JOURNAL_UNWRITABLE')
  broken.clock.wind(1000)
  await broken.until(() => broken.gaps() === 2)
  await broken.feed.stop()

  const odd = world()
  await odd.until(() => odd.feed.view().state === 'live')
  odd.streams[0]!.write('<html>\n')
  await odd.until(() => odd.gaps() === 2)
  await odd.feed.stop()
})

test('a line beyond the limit is refused', () => {
  const splitter = new LineSplitter(10)
  expect(splitter.push(Buffer.from('12345678\n123'))).toEqual(['12345678'])
  expect(() => splitter.push(Buffer.from('45678901'))).toThrow('RESPONSE_UNREADABLE')
})

const lineAt = (key: string, at: number): string =>
  line(key).replace('"eventName"', `"eventTime":"${new Date(at).toISOString()}","eventName"`)

test('a site that gives a head and nothing after it is unavailable until something comes, however often it gives the head', async () => {
  const { clock, streams, feed, until } = world()
  await until(() => feed.view().state === 'live')
  const since = clock.now() + 30_000
  clock.wind(30_000)
  await until(() => feed.unavailable() !== null)
  expect(feed.unavailable()).toMatchObject({ since, fault: { code: 'BODY_STALLED' } })
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  for (let times = 2; times <= 4; times++) {
    await until(() => streams.at(-1)!.destroyed)
    await turns()
    clock.wind(60_000)
    await until(() => streams.length === times)
    await turns()
    expect([feed.view().state, feed.unavailable()?.since]).toEqual(['fault', since])
    if (times < 4) clock.wind(30_000)
  }
  streams.at(-1)!.write('{"Records":[]}\n')
  await until(() => feed.view().state === 'live')
  expect(feed.unavailable()).toBe(null)
  await feed.stop()
})

test('a stream that is open and told nothing of what a scan found is silent, until a timely event comes', async () => {
  const { clock, streams, feed, until } = world()
  await until(() => feed.view().state === 'live')
  const ping = async (): Promise<void> => {
    streams[0]!.write('{"Records":[]}\n')
    await until(() => streams[0]!.readableLength === 0)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const wind = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 20_000) {
      clock.wind(Math.min(left, 20_000))
      await ping()
    }
  }
  const connectedAt = clock.now()
  await wind(60_000)
  // Of before the stream, or too young to have been told: no sign of anything.
  feed.untold(connectedAt - 1000)
  feed.untold(clock.now() - 1000)
  expect(feed.unavailable()).toBe(null)
  feed.untold(clock.now() - 30_000)
  expect(feed.unavailable()?.fault.code).toBe('EVENTS_SILENT')
  await ping()
  streams[0]!.write(lineAt('held back', clock.now() - 50_000))
  await until(() => streams[0]!.readableLength === 0)
  await wind(20_000)
  expect(feed.view().state).toBe('fault')
  streams[0]!.write(lineAt('in time', clock.now() - 100))
  await until(() => feed.view().state === 'live')
  // What was told is no sign either.
  await wind(40_000)
  feed.untold(clock.now() - 60_000)
  expect(feed.unavailable()).toBe(null)
  await feed.stop()
})

test('a stream that waits for its next try is taken up at once when asked', async () => {
  const { streams, feed, until } = world()
  await until(() => streams.length === 1)
  streams[0]!.end()
  await until(() => feed.unavailable()?.fault.code === 'CONNECTION_LOST')
  feed.again()
  await until(() => streams.length === 2 && feed.unavailable() === null)
  await feed.stop()
})
