import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CurrentKeys } from '../../electron/engine/store/current-keys.ts'
import { VersionReader } from '../../electron/engine/scan/version-reader.ts'
import type { ListPosition, VersionPage } from '../../electron/engine/store/port.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { hostileSource, type HostileSource } from '../support/hostile-source.ts'
import type { ListingForm } from '../support/odd-listing.ts'
import { storeFor } from '../support/replicate-world.ts'

const names = ['a', 'a!', 'a-b', 'a.b', 'a/b', 'a/c/d', 'a0', 'b', 'é', '💾', '￼']

/** What happens to one key, the oldest first; false: a delete marker. */
type History = readonly (readonly [key: string, isObject: boolean])[]

const histories: fc.Arbitrary<History> = fc.array(fc.tuple(fc.constantFrom(...names), fc.boolean()), {
  minLength: 1,
  maxLength: 40,
})

function fill(source: HostileSource, history: History, ids: (n: number) => string): void {
  source.clear()
  history.forEach(([key, isObject], index) => source.add(key, isObject ? `body ${index}` : null, ids(index)))
}

/** Every group that a reader gives, one line a version. */
async function read(source: HostileSource, limit: number): Promise<readonly string[]> {
  return (await groups(source, limit)).flatMap(({ lines }) => lines)
}

interface Group {
  readonly lines: readonly string[]
  readonly isUndecided: boolean
}

async function groups(source: HostileSource, limit: number): Promise<readonly Group[]> {
  const store = storeFor('s', source)
  const at = { bucket: 'data', limit }
  const versions = (from: ListPosition | undefined): Promise<VersionPage> =>
    store.listVersions({ ...at, prefix: '', from })
  const current = (from: ListPosition | undefined, prefix = ''): Promise<VersionPage> =>
    store.listVersions({ ...at, prefix, from, current: true })
  const check = new CurrentKeys({ versions, current, after: null, every: 1, offset: 0 })
  const reader = new VersionReader({ list: versions, now: () => 0, after: null, check })
  const found: Group[] = []
  for (await reader.fill(); reader.key !== null; reader.advance() || (await reader.fill())) {
    const lines = reader.group().map(({ key, versionId }) => `${key} ${versionId}`)
    found.push({ lines, isUndecided: reader.isUndecided })
  }
  return found
}

const truth = (source: HostileSource): readonly string[] =>
  source.trueOrder().map(({ key, versionId }) => `${key} ${versionId}`)

const random = (n: number): string => `${((n * 7919) % 97).toString(36)}-${n}`
/** As versitygw makes them: 48 bits of time, then what keeps those of one instant in order. */
const ulid = (n: number): string => {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  let [at, time] = ['', Date.now() - 60_000]
  for (let i = 0; i < 10; i++, time = Math.floor(time / 32)) at = digits[time % 32]! + at
  return `${at}${n.toString().padStart(16, '0')}`
}

interface Odd {
  readonly form: ListingForm
  readonly coarseTimes?: boolean
  readonly ids?: (n: number) => string
}

describe('a listing in another form than S3’s is read in the true order, whatever the size of its pages', () => {
  const forms: readonly (readonly [string, Odd])[] = [
    ['as S3 says', { form: {} }],
    ['as S3 says, times in seconds', { form: {}, coarseTimes: true }],
    ['versions before markers', { form: { apart: 'versions-first' } }],
    ['versions before markers, times in seconds', { form: { apart: 'versions-first' }, coarseTimes: true }],
    ['markers before versions', { form: { apart: 'markers-first' } }],
    [
      'markers first, times in seconds, ids that tell the order, an entry twice at a border',
      { form: { apart: 'markers-first', repeatsAtBorder: true }, coarseTimes: true, ids: ulid },
    ],
    ['an entry twice at a border', { form: { repeatsAtBorder: true } }],
  ]
  test.each(forms)('%s', { timeout: 120_000 }, async (_, { form, coarseTimes, ids = random }) => {
    const source = await hostileSource()
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.integer({ min: form.repeatsAtBorder === true ? 2 : 1, max: 7 }),
        async (history, size) => {
          fill(source, history, ids)
          source.lies = { form, coarseTimes }
          expect(await read(source, size)).toEqual(truth(source))
        },
      ),
      { numRuns: 60 },
    )
  })
})

test(
  'an order that cannot be found out concerns its key alone, and is never guessed',
  { timeout: 120_000 },
  async () => {
    const source = await hostileSource()
    // Pages of one entry give the same one for ever, times are of one second, ids tell nothing.
    source.lies = { form: { apart: 'markers-first', repeatsAtBorder: true }, coarseTimes: true }
    let undecided = 0
    await fc.assert(
      fc.asyncProperty(histories, fc.integer({ min: 2, max: 7 }), async (history, size) => {
        fill(source, history, random)
        const found = await groups(source, size)
        const wanted = truth(source)
        expect(found.flatMap(({ lines }) => lines).toSorted()).toEqual(wanted.toSorted())
        for (const { lines, isUndecided } of found) {
          const markers = source
            .trueOrder()
            .filter((one) => one.deleteMarker && lines.includes(`${one.key} ${one.versionId}`))
          if (isUndecided) expect(markers.length).toBeGreaterThan(0)
          else expect(wanted.join().includes(lines.join())).toBe(true)
        }
        undecided += found.filter(({ isUndecided }) => isUndecided).length
      }),
      { numRuns: 100 },
    )
    expect(undecided).toBeGreaterThan(0)
  },
)

test('pages that lead back to where they began are noticed, and end', async () => {
  const source = await hostileSource()
  fill(
    source,
    [
      ['a', true],
      ['b', true],
    ],
    random,
  )
  source.lies = { form: { repeatsAtBorder: true } }
  await expect(read(source, 1)).rejects.toMatchObject({ fault: { code: 'LISTING_UNORDERED' } })
})

/** What a reader gives, or the code of the fault that it ends with. */
async function readOrFault(source: HostileSource, limit: number): Promise<readonly string[] | string> {
  try {
    return await read(source, limit)
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code
    throw error
  }
}

test('a listing that is cut by folders shows everything, or is refused', { timeout: 120_000 }, async () => {
  const source = await hostileSource()
  source.lies = { form: { byFolder: true } }
  const ends = new Set<string>()
  // Objects alone: of a key that ends in a marker no other listing tells.
  const objects = histories.map((history) => history.map(([key]) => [key, true] as const))
  await fc.assert(
    fc.asyncProperty(objects, fc.integer({ min: 1, max: 7 }), async (history, size) => {
      fill(source, history, random)
      const end = await readOrFault(source, size)
      if (typeof end === 'string') expect(['LISTING_INCOMPLETE', 'LISTING_UNORDERED']).toContain(end)
      else expect(end).toEqual(truth(source))
      ends.add(typeof end === 'string' ? end : 'read')
    }),
    { numRuns: 300 },
  )
  expect([...ends].toSorted()).toEqual(['LISTING_UNORDERED', 'read'])
})

test('a key with an object that no page of versions shows is noticed', { timeout: 120_000 }, async () => {
  const source = await hostileSource()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.integer({ min: 1, max: 7 }), async (hidden, size) => {
      fill(
        source,
        names.map((key) => [key, true]),
        random,
      )
      source.lies = { form: { leavesOut: (key) => key === hidden } }
      expect(await readOrFault(source, size)).toBe('LISTING_INCOMPLETE')
    }),
  )
})

test('a listing that ends behind some key is read on by that key alone', { timeout: 120_000 }, async () => {
  const source = await hostileSource()
  source.lies = { form: { endsBehind: (key) => key.startsWith('a/') } }
  // One version a key: of the older ones of that very key nothing else tells.
  const single = fc.shuffledSubarray(names, { minLength: 4 })
  await fc.assert(
    fc.asyncProperty(single, fc.integer({ min: 1, max: 7 }), async (keys, size) => {
      fill(
        source,
        keys.map((key) => [key, true]),
        random,
      )
      expect(await read(source, size)).toEqual(truth(source))
    }),
    { numRuns: 60 },
  )
})
