import { expect, test } from 'vitest'
import { FaultError, fault } from '../../shared/model/fault.ts'
import { createSchedule } from '../../electron/engine/scan/schedule.ts'
import type { Scanner, ScanRequest, ScanResult } from '../../electron/engine/scan/port.ts'
import { HandClock } from './scan-world.ts'

interface Run {
  readonly request: ScanRequest
  end(more?: Partial<ScanResult>): Promise<void>
  fail(error: Error): Promise<void>
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** A scanner whose runs the test ends by hand. */
function handScanner(log: string[], name = ''): { scanner: Scanner; runs: Run[] } {
  const runs: Run[] = []
  const run: Scanner['run'] = (request) =>
    new Promise((resolve, reject) => {
      log.push(`${name}${request.reason}${request.prefix === undefined ? '' : ` ${request.prefix}`}`)
      request.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      const counts = { keys: 5, versions: 6, differences: 2, resumed: false }
      runs.push({
        request,
        end: (more = {}) => (resolve({ ...counts, ...more }), settle()),
        fail: (error) => (reject(error), settle()),
      })
    })
  return { scanner: { run }, runs }
}

async function world(isBusy = (): boolean => false) {
  const clock = new HandClock()
  const log: string[] = []
  const { scanner, runs } = handScanner(log)
  const schedule = createSchedule({ clock })
  schedule.add({ linkId: 'l', scanner, intervalMs: () => 60_000, isBusy })
  await settle()
  return { clock, log, runs, schedule, scanner }
}

test('a link is scanned at once, then at its interval', async () => {
  const { clock, log, runs, schedule } = await world()
  expect(schedule.view('l')).toMatchObject({ state: 'scanning', lastScan: null, scan: { keys: 0 } })
  await runs[0]!.end()
  clock.wind(59_999)
  expect(log).toEqual(['start'])
  clock.wind(1)
  await settle()
  expect(log).toEqual(['start', 'interval'])
  expect(schedule.view('l')).toMatchObject({ state: 'scanning', lastScan: { keys: 5, differences: 2 } })
  await schedule.stop()
})

test('what is put out of date takes a scan that begins afterwards', async () => {
  const { runs, schedule } = await world()
  await runs[0]!.end()
  expect(schedule.looked('l').holds).toBe(true)
  schedule.gap('l')
  await settle()
  schedule.outdated('l')
  schedule.gap('l')
  await runs[1]!.end()
  expect(schedule.looked('l').holds).toBe(false)
  await runs[2]!.end()
  expect(schedule.looked('l').holds).toBe(true)
  await schedule.stop()
})

test('what a scan counted stands beside its own time, whatever was begun, cut short, resumed or asked of a part since', async () => {
  const { clock, runs, schedule } = await world()
  const startedAt = clock.now()
  clock.wind(500)
  await runs[0]!.end({ keys: 5000, differences: 2 })
  const first = { startedAt, endedAt: startedAt + 500, keys: 5000, differences: 2 }
  expect(schedule.view('l')).toMatchObject({ scan: null, lastScan: first })
  for (const prefix of ['', 'in/']) {
    const stop = new AbortController()
    const cut = schedule.resync('l', { prefix, reason: 'resync', signal: stop.signal }).catch(() => undefined)
    await settle()
    clock.wind(100)
    runs.at(-1)!.request.onProgress?.({ keys: 3, versions: 3, differences: 1 })
    expect(schedule.view('l')).toMatchObject({ scan: { keys: 3 }, lastScan: first })
    stop.abort()
    await cut
    await settle()
    expect(schedule.view('l')).toMatchObject({ scan: null, lastScan: first })
  }
  const part = schedule.resync('l', { prefix: 'in/', reason: 'resync', signal: new AbortController().signal })
  await settle()
  await runs.at(-1)!.end({ keys: 7 })
  await part
  expect(schedule.view('l')).toMatchObject({ scan: null, lastScan: first })
  schedule.gap('l')
  await settle()
  await runs.at(-1)!.end({ keys: 9, resumed: true })
  expect(schedule.view('l')?.lastScan).toEqual(first)
  await schedule.stop()
})

test('gaps during a scan mean one more scan afterwards, never a second one beside it', async () => {
  const { log, runs, schedule } = await world()
  for (let i = 0; i < 3; i++) schedule.gap('l')
  await settle()
  expect(log).toEqual(['start'])
  await runs[0]!.end()
  expect(log).toEqual(['start', 'gap'])
  await runs[1]!.end()
  expect(log).toHaveLength(2)
  schedule.gap('l')
  await settle()
  expect(log).toEqual(['start', 'gap', 'gap'])
  await schedule.stop()
})

test('a scan that went on from a checkpoint is followed by a full one', async () => {
  const { log, runs, schedule } = await world()
  await runs[0]!.end({ resumed: true })
  expect(log).toEqual(['start', 'gap'])
  await schedule.stop()
})

test('a fault is shown and the scan goes on at its checkpoint after a while, or when the stream is back', async () => {
  const { clock, log, runs, schedule } = await world()
  await runs[0]!.fail(new FaultError(fault('BUCKET_MISSING', 'gone')))
  expect(schedule.view('l')).toMatchObject({ state: 'fault', fault: { code: 'BUCKET_MISSING' } })
  clock.wind(30_000)
  await settle()
  await runs[1]!.fail(new FaultError(fault('CONNECT_REFUSED', 'down')))
  schedule.gap('l')
  await settle()
  expect(log).toEqual(['start', 'start', 'start'])
  await runs[2]!.end()
  expect(schedule.view('l')).toMatchObject({ state: 'idle', fault: null })
  await schedule.stop()
})

test('a busy link puts its interval scan off, a gap does not', async () => {
  let busy = true
  const { clock, log, runs, schedule } = await world(() => busy)
  await runs[0]!.end()
  clock.wind(60_000)
  await settle()
  expect(log).toEqual(['start'])
  busy = false
  clock.wind(5000)
  await settle()
  await runs[1]!.end()
  busy = true
  schedule.gap('l')
  await settle()
  expect(log).toEqual(['start', 'interval', 'gap'])
  await schedule.stop()
})

test('a resync waits for the scan under way, reports, and can be cancelled while it waits or runs', async () => {
  const { log, runs, schedule } = await world()
  const stop = [new AbortController(), new AbortController()]
  const seen: number[] = []
  const first = schedule.resync('l', {
    reason: 'resync',
    prefix: 'in/',
    signal: stop[0]!.signal,
    onProgress: ({ keys }) => void seen.push(keys),
  })
  const second = schedule.resync('l', { prefix: '', reason: 'resync', signal: stop[1]!.signal })
  const waiting = expect(second).rejects.toMatchObject({ fault: { code: 'CANCELLED' } })
  stop[1]!.abort()
  await waiting
  await runs[0]!.end()
  expect(log).toEqual(['start', 'resync in/'])
  runs[1]!.request.onProgress?.({ keys: 3, versions: 3, differences: 0 })
  expect({ seen, keys: schedule.view('l')?.scan?.keys }).toEqual({ seen: [3], keys: 3 })
  const running = expect(first).rejects.toMatchObject({ fault: { code: 'CANCELLED' } })
  stop[0]!.abort()
  await running
  await settle()
  expect(schedule.view('l')).toMatchObject({ state: 'idle', fault: null })
  await schedule.stop()
})

test('two scans run at one time over all links, first come first served', async () => {
  const clock = new HandClock()
  const log: string[] = []
  const schedule = createSchedule({ clock })
  const scanners = ['a', 'b', 'c', 'd'].map((name) => handScanner(log, `${name} `))
  scanners.forEach(({ scanner }, index) => schedule.add({ linkId: 'abcd'[index]!, scanner, intervalMs: () => 60_000 }))
  await settle()
  expect(log).toEqual(['a start', 'b start'])
  schedule.gap('a')
  await scanners[0]!.runs[0]!.end()
  await scanners[1]!.runs[0]!.end()
  expect(log).toEqual(['a start', 'b start', 'c start', 'd start'])
  await scanners[2]!.runs[0]!.end()
  expect(log.at(-1)).toBe('a gap')
  await schedule.stop()
})

test('a link that is changed is scanned anew after its old scan has ended; one that is removed is not', async () => {
  const { log, runs, schedule, scanner } = await world()
  schedule.add({ linkId: 'l', scanner, intervalMs: () => 60_000 })
  expect(runs[0]!.request.signal.aborted).toBe(true)
  expect(log).toEqual(['start'])
  await settle()
  expect(log).toEqual(['start', 'start'])
  await schedule.remove('l')
  schedule.gap('l')
  await settle()
  expect({ log, view: schedule.view('l') }).toEqual({ log: ['start', 'start'], view: null })
  await expect(
    schedule.resync('l', { prefix: '', reason: 'resync', signal: new AbortController().signal }),
  ).rejects.toThrow('NOT_FOUND')
})

test('an interval that has changed holds from the end of the last scan, and a failed scan is no look', async () => {
  const clock = new HandClock()
  const log: string[] = []
  const { scanner, runs } = handScanner(log)
  const schedule = createSchedule({ clock })
  let intervalMs = 600_000
  schedule.add({ linkId: 'l', scanner, intervalMs: () => intervalMs })
  await settle()
  expect(schedule.looked('l')).toEqual({ at: null, holds: false })
  await runs[0]!.end()
  expect(schedule.looked('l')).toEqual({ at: clock.now(), holds: true })
  clock.wind(20_000)
  intervalMs = 30_000
  schedule.retime('l')
  clock.wind(9999)
  expect(log).toEqual(['start'])
  clock.wind(1)
  await settle()
  expect(log).toEqual(['start', 'interval'])
  await runs[1]!.fail(new Error('no'))
  expect(schedule.looked('l').holds).toBe(false)
  expect(schedule.view('l')?.fault).not.toBe(null)
  clock.wind(30_000)
  await settle()
  runs[2]!.request.onProgress?.({ keys: 1, versions: 1, differences: 0 })
  expect([schedule.view('l')?.fault, schedule.looked('l').holds]).toEqual([null, false])
  await schedule.stop()
})
