import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ruleSchema } from '../../shared/model/rule.ts'
import { collectingText, thinOut } from '../../renderer/charts/chart-kinds.ts'
import { hasGap, retryDelay } from '../../renderer/live.ts'
import { newRuleValues, readRuleForm, valuesOf } from '../../renderer/pages/rules/rule-form-values.ts'
import {
  emptySiteValues,
  readChangedSite,
  readNewSite,
  siteIdFor,
} from '../../renderer/pages/sites/site-form-values.ts'
import { pagesFor } from '../../renderer/pages/failures/failure-rows.ts'
import { failureSearch, listInputOf } from '../../renderer/search.ts'
import { formatAgo, formatByteRate, formatBytes, formatDuration, formatUntil } from '../../renderer/text/format.ts'
import { overallOf } from '../../shared/text/overall.ts'
import { promiseNow } from '../../renderer/text/promise.ts'
import { tellError } from '../../renderer/text/told.ts'
import { inFlightText, nothingInFlightText } from '../../renderer/text/transfer.ts'

describe('numbers in words', () => {
  test('bytes are powers of 1024 with their unit', () => {
    expect([0, 1023, 1024, 1_269_760, 687_194_767_360].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.00 KiB',
      '1.21 MiB',
      '640 GiB',
    ])
    expect(formatByteRate(2048)).toBe('2.00 KiB/s')
  })

  test('a duration has at most two units', () => {
    expect([0, 12_400, 134_000, 11_100_000, 352_800_000].map(formatDuration)).toEqual([
      '0 s',
      '12 s',
      '2 min 14 s',
      '3 h 5 min',
      '4 d 2 h',
    ])
    expect([formatAgo(1000, 2000), formatAgo(0, 12_000), formatUntil(12_000, 0), formatUntil(0, 5)]).toEqual([
      'now',
      '12 s ago',
      'in 12 s',
      'now',
    ])
  })
})

describe('a promise at this moment', () => {
  const rule = (policy: 'async' | 'majority' | 'all', onTimeout: 'fail' | 'degrade', needed: number) => ({
    ack: { policy, onTimeout, timeoutMs: 5000, reads: 'source' as const },
    needed,
    sites: 3,
    degraded: null,
  })
  const copying = { state: { kind: 'copying' }, backlogCount: 4 } as const
  const away = {
    state: { kind: 'waiting', reason: 'Oslo is offline.', remedy: 'Wait.' },
    backlogCount: 4,
  } as const

  test('is kept as long as enough targets can confirm', () => {
    const { words, why } = promiseNow(rule('majority', 'fail', 2), [copying, away], 'listening')
    expect([words, why]).toEqual(['Kept', 'by the source and 1 target. Oslo is offline.'])
    expect(promiseNow(rule('all', 'fail', 3), [copying, copying], 'listening').why).toBe(null)
  })

  test('is not called kept where the next write would be refused, or nobody can write', () => {
    const after = (onTimeout: 'fail' | 'degrade') => promiseNow(rule('all', onTimeout, 3), [copying, away], 'listening')
    expect([after('fail').words, after('fail').why]).toEqual([
      'Would be refused',
      'A write would hear 503 after 5\u00a0s. Oslo is offline.',
    ])
    expect(after('degrade').words).toBe('Would degrade')
    expect(promiseNow(rule('all', 'fail', 3), [copying, copying], 'fault').words).toBe('Not in use')
  })

  test('is broken with its reason and that of the target', () => {
    const degraded = { since: 7, reason: 'oslo/photos did not confirm a write in time.' }
    expect(promiseNow({ ...rule('all', 'degrade', 3), degraded }, [copying, away], 'listening')).toEqual({
      tone: 'bad',
      words: 'Degraded',
      since: 7,
      why: 'oslo/photos did not confirm a write in time. Oslo is offline.',
    })
  })
})

describe('the sentence over everything', () => {
  const totals = {
    backlogCount: 0,
    backlogBytes: 0,
    oldestPendingAt: null,
    failing: 0,
    parked: 0,
    objectsPerSecond: 0,
    bytesPerSecond: 0,
  }
  const calm = { unknown: null, drift: [], notConverging: 0, events: { kind: 'told' } }
  const link = (ruleId: string, backlogCount: number) =>
    ({ ...calm, ruleId, backlogCount, state: { kind: backlogCount > 0 ? 'copying' : 'in-step' } }) as never

  test('is calm when everything is in step, and counts rules, not links, when not', () => {
    expect(overallOf({ links: [link('a', 0)], totals })).toEqual({ tone: 'good', sentence: 'All in step' })
    const behind = overallOf({ links: [link('a', 3), link('a', 2), link('b', 0)], totals: { ...totals, parked: 12 } })
    expect(behind).toEqual({ tone: 'bad', sentence: '12 items need attention, 1 rule behind' })
    expect(overallOf({ links: [], totals }).sentence).toBe('No rules yet')
  })

  test('a rule that the engine stopped is never “All in step”', () => {
    const state = { kind: 'stopped', reason: 'A ring.', remedy: 'Switch one off.' }
    expect(overallOf({ links: [{ ...calm, ruleId: 'a', backlogCount: 0, state } as never], totals })).toEqual({
      tone: 'bad',
      sentence: '1 rule stopped',
    })
  })

  test('a rule that a brake paused counts as stopped, and is not calm', () => {
    const state = { kind: 'paused', by: 'brake', reason: '1,200 deletes.', remedy: 'Look at them.' }
    expect(overallOf({ links: [{ ...calm, ruleId: 'a', backlogCount: 0, state } as never], totals })).toEqual({
      tone: 'bad',
      sentence: '1 rule stopped',
    })
  })

  test('a gateway that should listen and cannot is never “All in step”', () => {
    const deaf = { degraded: 0, deaf: true }
    expect(overallOf({ links: [link('a', 0)], totals }, deaf)).toEqual({
      tone: 'bad',
      sentence: 'Gateway does not listen',
    })
    expect(overallOf({ links: [], totals }, deaf).tone).toBe('bad')
  })
})

describe('the rule form', () => {
  const source = { site: 'berlin', bucket: 'web.assets_2' }
  const target = { site: 'oslo', bucket: 'photos' }

  test('any rule that the contract allows comes back from the form unchanged', () => {
    const rules = fc.record({
      priority: fc.integer({ min: 0, max: 1000 }),
      existingObjects: fc.boolean(),
      versionDeletes: fc.boolean(),
      attributePass: fc.oneof(
        fc.constantFrom('auto' as const, 'off' as const),
        fc.record({ perSecond: fc.integer({ min: 1, max: 1000 }) }),
      ),
      scanIntervalSeconds: fc.integer({ min: 5, max: 604_800 }),
      kibibytes: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
      percent: fc.option(fc.integer({ min: 0, max: 100 })),
      ack: fc.record({
        policy: fc.constantFrom('async', 'one', 'majority', 'all'),
        timeoutMs: fc.integer({ min: 100, max: 600_000 }),
        onTimeout: fc.constantFrom('fail', 'degrade'),
        reads: fc.constantFrom('source', 'quorum'),
      }),
      exclude: fc.array(fc.stringMatching(/^[a-z*/.]{1,12}$/), { maxLength: 4 }),
    })
    fc.assert(
      fc.property(rules, ({ kibibytes, percent, exclude, ...plain }) => {
        const rule = ruleSchema.parse({
          ...plain,
          ...(plain.ack.reads === 'quorum' && { existingObjects: true, versionDeletes: true }),
          id: 'a-rule',
          source,
          targets: [target],
          filter: { prefix: 'a/', exclude, tags: plain.ack.reads === 'quorum' ? {} : { keep: 'yes' } },
          bandwidth: { bytesPerSecond: kibibytes === null ? null : kibibytes * 1024 },
          deleteBrake:
            percent === null
              ? null
              : { count: 10, share: percent / 100, bucketShare: percent / 100, windowMs: 120_000 },
          overwriteBrake: percent === null ? null : { count: 20, bucketShare: percent / 100, windowMs: 60_000 },
        })
        expect(readRuleForm(valuesOf(rule))).toEqual({ rule, errors: null })
      }),
    )
  })

  test('a new pair gets a legal id of its own', () => {
    expect(newRuleValues(source, target, []).id).toBe('web-assets-2-to-oslo')
    expect(newRuleValues(source, target, ['web-assets-2-to-oslo']).id).toBe('web-assets-2-to-oslo-2')
  })

  test('a quorum without all that the source has is refused with what to switch on', () => {
    const values = { ...newRuleValues(source, target, []), ackReads: 'quorum' } as const
    expect(readRuleForm(values).errors).toEqual({
      ackReads:
        'A quorum needs copies of all that the source has: switch on “Repeat permanent deletes of single versions”.',
    })
    expect(readRuleForm({ ...values, versionDeletes: true }).rule?.ack.reads).toBe('quorum')
  })

  test('a wrong value is named together with what to type instead', () => {
    const values = {
      ...newRuleValues(source, target, []),
      id: 'No Spaces',
      bandwidth: '0.1',
      tags: 'keep',
      scanSeconds: 1,
    }
    expect(readRuleForm({ ...values, bandwidthUnit: 'KiB' }).errors).toEqual({
      id: '“No Spaces” does not fit: use 1–63 lower-case letters, digits and dashes.',
      bandwidth: '“0.1” does not fit: use at least 1 KiB/s, or leave it empty for no limit.',
      tags: '“keep” does not fit: write one tag a line as key=value.',
      scanSeconds: '“1” does not fit: use a whole number from 5 to 604800.',
    })
  })
})

describe('the site form', () => {
  const typed = {
    ...emptySiteValues,
    name: 'Berlin 2 (alt)',
    endpoint: 'https://s3.example.org',
    accessKeyId: 'AK',
    secretAccessKey: 'SK',
  }

  test('a site gets its id from its name, free of those that are taken', () => {
    expect(siteIdFor('Zürich – Süd', [])).toBe('zu-rich-su-d')
    expect(readNewSite(typed, ['berlin-2-alt']).site?.id).toBe('berlin-2-alt-2')
  })

  test('empty keys leave the present ones as they are, and half a pair is refused', () => {
    const kept = readChangedSite({ ...typed, accessKeyId: '', secretAccessKey: '' }, 'berlin')
    expect(kept.site).not.toHaveProperty('credentials')
    expect(readChangedSite({ ...typed, secretAccessKey: '' }, 'berlin').errors).toEqual({
      secretAccessKey: 'The secret key is empty: paste it from the site.',
    })
    expect(readNewSite({ ...typed, endpoint: 's3.example.org' }, []).errors?.endpoint).toBe(
      '“s3.example.org” does not fit: use a full URL such as https://s3.example.org:9000.',
    )
  })
})

describe('what keeps the screen fresh', () => {
  test('a missing or repeated number is a gap, the next one is not', () => {
    expect([hasGap(null, 0), hasGap(4, 5), hasGap(4, 6), hasGap(4, 4), hasGap(4, 0)]).toEqual([
      true,
      false,
      true,
      true,
      true,
    ])
  })

  test('tries come at growing distances with a longest one', () => {
    expect([1, 2, 3, 4, 5, 9].map(retryDelay)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  test('only the pages in view are read', () => {
    expect([pagesFor(0, 12), pagesFor(95, 105), pagesFor(4900, 4999)]).toEqual([[0], [0, 1], [49]])
  })

  test('a chart keeps its newest point however far it is thinned out', () => {
    const points = Array.from({ length: 1000 }, (_, index) => index)
    expect(thinOut(points, 150)).toHaveLength(150)
    expect(thinOut(points, 150).at(-1)).toBe(999)
  })
})

describe('transfers', () => {
  test('the page counts what it shows, and never takes that for all', () => {
    const words = (shown: number, told: number, busy: number | null, rule?: string) =>
      inFlightText({ shown, told, busy, rule })
    expect([words(1, 1, 1), words(8, 8, null), words(200, 200, 300), words(200, 200, 200)]).toEqual([
      '1 object in flight',
      '8 objects in flight',
      'The largest 200 of 300 in flight',
      '200 objects in flight',
    ])
    expect([words(5, 8, 8, 'r'), words(5, 200, 300, 'r')]).toEqual([
      '5 objects of rule r in flight',
      '5 objects of rule r among the largest 200 of 300 in flight',
    ])
  })

  test('an empty page does not say that all has arrived', () => {
    expect([nothingInFlightText(null), nothingInFlightText(0)]).toEqual([
      'What is pending is not known yet.',
      'No change that was noticed is pending.',
    ])
    expect(nothingInFlightText(12)).toMatch(/^12 changes are pending all the same/)
  })
})

describe('a chart', () => {
  const points = (...instants: number[]) => instants.map((at) => ({ at }) as never)

  test('says when its line begins until it has one', () => {
    expect([
      collectingText([], 1000, 2500),
      collectingText([], 1000, 9000),
      collectingText(points(8000), 1000, 9000),
      collectingText(points(3000, 8000), 1000, 9000),
    ]).toEqual([
      'Collecting; first point in 4 s. It is measured every 5 s.',
      'Collecting; first point any moment. It is measured every 5 s.',
      'Collecting; one point so far, the line begins with the next, in 4 s.',
      null,
    ])
  })
})

describe('addresses', () => {
  test('a mistyped filter is dropped and the rest is kept', () => {
    const search = failureSearch.parse({ state: 'exploded', rule: 'photos', search: 2026, nonsense: true })
    expect(listInputOf(search, 0, 100)).toMatchObject({
      filter: { ruleId: 'photos', state: null, search: '2026' },
      sort: 'lastAttemptAt',
      descending: true,
    })
  })
})

describe('refusals', () => {
  test('an error without a fault never reached the engine', () => {
    expect(tellError(new TypeError('Failed to fetch')).title).toBe('The engine does not answer.')
    expect(tellError(null).code).toBe('NO_ANSWER')
  })
})
