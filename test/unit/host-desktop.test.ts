import { expect, test } from 'vitest'
import { browserCommand, hasDesktop } from '../../build/desktop.ts'
import { nextChange, seededRandom } from '../../build/demo-traffic.ts'
import { consoleFlags } from '../../build/open-console.ts'
import { bytesText, durationText, table } from '../../electron/cli/table.ts'
import { desktopArguments } from '../../electron/desktop/arguments.ts'
import { startPastDamage } from '../../electron/desktop/damaged-journal.ts'
import { runUntilSignal } from '../../electron/process/stop-signal.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { hasTrayHost } from '../../electron/desktop/tray-host.ts'

/** A process that gets signals when the test says so. */
function signalled(start: () => Promise<{ stop(): Promise<void> }>) {
  const world = { signal: (): void => undefined, nowMs: 0, limits: [] as (() => void)[], abandoned: [] as number[] }
  const source = {
    onStopSignal: (listener: () => void) => (world.signal = listener),
    now: () => world.nowMs,
    later: (_delayMs: number, call: () => void) => world.limits.push(call),
    abandon: (exitCode: number) => world.abandoned.push(exitCode),
  }
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  return Object.assign(world, { ready, ended: runUntilSignal(source, start, () => resolve()) })
}

test('one interrupt that arrives twice stops once; a later one forces', async () => {
  const { promise: stopping, resolve: stopped } = Promise.withResolvers<void>()
  const world = signalled(() => Promise.resolve({ stop: () => stopping }))
  await world.ready
  world.signal()
  world.nowMs = 40
  world.signal()
  expect(world.abandoned).toEqual([])
  world.nowMs = 2000
  world.signal()
  expect(world.abandoned).toEqual([130])
  stopped()
  await world.ended
})

test('a signal ends what still starts where it stands, and what does not stop in its time', async () => {
  const { promise: started, resolve } = Promise.withResolvers<{ stop(): Promise<void> }>()
  const starting = signalled(() => started)
  starting.signal()
  expect(starting.abandoned).toEqual([130])
  const hung = signalled(() => Promise.resolve({ stop: () => new Promise(() => undefined) }))
  await hung.ready
  hung.signal()
  expect([hung.abandoned, hung.limits.length]).toEqual([[], 1])
  hung.limits[0]!()
  expect(hung.abandoned).toEqual([130])
  resolve({ stop: () => Promise.resolve() })
  await starting.ended
})

test('a damaged journal asks before anything is changed, and says what was lost when a new one is begun', async () => {
  const asked: string[] = []
  const told: string[] = []
  let renewals = 0
  const dialogs = (yes: boolean) => ({
    ask: (_: string, detail: string) => asked.push(detail) > 0 && yes,
    tell: (_: string, detail: string) => void told.push(detail),
    renew: () => {
      renewals++
      return Promise.resolve({
        aside: ['/d/journal.db.damaged'],
        lost: ['Charts.'],
        siteIds: ['a'],
        ruleIds: [],
        values: new Map(),
        unreadable: [],
      })
    },
  })
  const start = () =>
    renewals > 0 ? Promise.resolve('running') : Promise.reject(new FaultError(fault('JOURNAL_DAMAGED', 'It is cut.')))
  expect([await startPastDamage(start, dialogs(false)), renewals, told]).toEqual([null, 0, []])
  expect(await startPastDamage(start, dialogs(true))).toBe('running')
  expect(asked[0]).toContain('It is cut.')
  expect(told[0]).toMatch(/Kept aside: \/d\/journal[\s\S]*Sites taken over: a[\s\S]*paused[\s\S]*: none[\s\S]*Charts/)
  const other = () => Promise.reject(new FaultError(fault('VAULT_LOCKED', 'No.')))
  await expect(startPastDamage(other, dialogs(true))).rejects.toThrow('VAULT_LOCKED')
})

test('without a tray host, or without knowing, closing the window may not strand the program', async () => {
  const answers = async (stdout: string | null) => await hasTrayHost('linux', () => Promise.resolve(stdout))
  expect([await answers('(true,)\n'), await answers('(false,)\n'), await answers(null)]).toEqual([true, false, false])
  expect(await hasTrayHost('darwin', () => Promise.reject(new Error('not asked')))).toBe(true)
})

test('the desktop program reads its own switches and passes over Chromium’s', () => {
  expect(desktopArguments(['.', '--data=/d', '--ozone-platform=x11', '--config', 'c.json', '--hidden'])).toEqual({
    dataDir: '/d',
    configFile: 'c.json',
    demoUrl: null,
    hidden: true,
  })
})

test('npm start’s flags', () => {
  expect(consoleFlags([])).toEqual({ browser: false, open: true, port: 0, data: null })
  expect(consoleFlags(['--browser', '--no-open', '--port', '7400'])).toMatchObject({
    browser: true,
    open: false,
    port: 7400,
  })
})

test('a browser is opened only where there is a desktop', () => {
  expect([hasDesktop('linux', {}), hasDesktop('linux', { DISPLAY: ':0' }), hasDesktop('darwin', {})]).toEqual([
    false,
    true,
    true,
  ])
  expect(browserCommand('linux', 'http://x')).toEqual(['xdg-open', 'http://x'])
})

test('the demo’s traffic is the same for one seed, and holds every kind of change', () => {
  const changes = (seed: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 800 }, (_, serial) => nextChange(random, ['a', 'b', 'c'], serial))
  }
  expect(changes(1)).toEqual(changes(1))
  expect(changes(1)).not.toEqual(changes(2))
  expect(new Set(changes(1).map((change) => change.kind))).toEqual(new Set(['put', 'tag', 'delete', 'purge', 'large']))
})

test('tables line up, numbers to the right', () => {
  expect(
    table(
      ['NAME', 'COUNT'],
      [
        ['a', '1'],
        ['long name', '1000'],
      ],
    ),
  ).toEqual(['NAME       COUNT', 'a              1', 'long name   1000'])
  expect([bytesText(0), bytesText(1023), bytesText(1536), bytesText(5 * 2 ** 40)]).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '5.0 TiB',
  ])
  expect([durationText(900), durationText(300_000), durationText(9_000_000)]).toEqual(['1 s', '5 min', '3 h'])
})
