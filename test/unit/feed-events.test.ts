import { describe, expect, test } from 'vitest'
import type { RuleInput } from '../../shared/model/rule.ts'
import { ruleSchema } from '../../shared/model/rule.ts'
import { Brakes } from '../../electron/engine/brake/brakes.ts'
import { createIntake } from '../../electron/engine/intake/intake.ts'
import { indexRules } from '../../electron/engine/rule/decide.ts'
import { linksOf } from '../../electron/engine/rule/link.ts'
import { parseEvents, type KeyEncoding } from '../../electron/engine/feed/parse-event.ts'
import type { Change } from '../../electron/engine/feed/port.ts'
import { Remembered } from '../../electron/engine/journal/remembered.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import { MemoryRecords } from '../support/memory-records.ts'

const record = (eventSource: string, eventName: string, object: object, eventTime = '2026-03-01T10:00:00.250Z') => ({
  eventVersion: '2.1',
  eventSource,
  eventTime,
  eventName,
  s3: { bucket: { name: 'photos' }, object },
})
const parse = (records: unknown, encoding: KeyEncoding | null = null) =>
  parseEvents({ Records: records }, { siteId: 'a', encoding, receivedAt: 5 })
const brief = ({ changes }: { readonly changes: readonly Change[] }) =>
  changes.map(({ operation, key, versionId, sizeBytes }) => `${operation} ${key} ${versionId} ${sizeBytes}`)

describe('an event', () => {
  test.each([
    [
      'MinIO webhook',
      'minio:s3',
      's3:ObjectCreated:Put',
      { key: 'a%2Fb+c%2B', size: 7, versionId: 'v1', eTag: 'e' },
      ['put a/b c+ v1 7'],
    ],
    [
      'AWS',
      'aws:s3',
      'ObjectCreated:CompleteMultipartUpload',
      { key: 'a%C3%BC+b', size: 7, versionId: 'v1', eTag: 'e-2' },
      ['put aü b v1 7'],
    ],
    ['AWS, a browser’s form', 'aws:s3', 'ObjectCreated:Post', { key: 'f', size: 1, eTag: 'e' }, ['put f null 1']],
    ['Ceph', 'ceph:s3', 'ObjectCreated:Put', { key: 'ü a+b', size: 7, versionId: 'v1', eTag: 'e' }, ['put ü a+b v1 7']],
    [
      'Ceph, raw or encoded',
      'ceph:s3',
      'ObjectCreated:Put',
      { key: 'a%20b', size: '7', versionId: 'v', eTag: 'e' },
      ['put a%20b v 7', 'put a b v 7'],
    ],
    [
      'Ceph, not encoded for sure',
      'ceph:s3',
      'ObjectCreated:Put',
      { key: '100%', size: 7, eTag: 'e' },
      ['put 100% null 7'],
    ],
    ['Ceph, a multipart upload begins', 'ceph:s3', 'ObjectCreated:Post', { key: 'mp', size: 0, eTag: '' }, []],
    [
      'Ceph, another zone’s object',
      'ceph:s3',
      'ObjectSynced:Create',
      { key: 'k', size: 1, versionId: 'v', eTag: 'e' },
      ['put k v 1'],
    ],
    [
      'delete marker',
      'minio:s3',
      's3:ObjectRemoved:DeleteMarkerCreated',
      { key: 'k', versionId: 'm' },
      ['deleteMarker k m null'],
    ],
    [
      'delete of a version',
      'ceph:s3',
      'ObjectRemoved:Delete',
      { key: 'k', size: 9, versionId: 'v' },
      ['deleteVersion k v null'],
    ],
    [
      'delete of a null version',
      'minio:s3',
      's3:ObjectRemoved:Delete',
      { key: 'k', versionId: 'null' },
      ['deleteVersion k null null'],
    ],
    [
      'delete in an unversioned bucket',
      'minio:s3',
      's3:ObjectRemoved:Delete',
      { key: 'k', versionId: '' },
      ['deleteMarker k null null'],
    ],
    ['delete of nothing', 'minio:s3', 's3:ObjectRemoved:NoOP', { key: 'k' }, []],
    ['tags', 'minio:s3', 's3:ObjectCreated:PutTagging', { key: 'k', size: 3, versionId: 'v' }, ['metadata k v null']],
    ['legal hold', 'minio:s3', 's3:ObjectCreated:PutLegalHold', { key: 'k', versionId: 'v' }, ['metadata k v null']],
    ['AWS tags', 'aws:s3', 'ObjectTagging:Put', { key: 'k', versionId: 'v' }, ['metadata k v null']],
    [
      'lifecycle',
      'aws:s3',
      'LifecycleExpiration:DeleteMarkerCreated',
      { key: 'k', versionId: 'v' },
      ['deleteMarker k v null'],
    ],
    ['a read', 'minio:s3', 's3:ObjectAccessed:Get', { key: 'k', versionId: 'v' }, []],
    ['native replication', 'minio:s3', 's3:Replication:OperationCompletedReplication', { key: 'k' }, []],
  ])('%s', (_, source, name, object, expected) => {
    expect(brief(parse([record(source, name, object)]))).toEqual(expected)
  })

  test.each([
    ['raw', 'a+b%20', ['put a+b%20 null null']],
    ['form', 'a+b%20', ['put a b  null null']],
    ['form', '100%', ['put 100% null null']],
  ] as const)('of a stream that writes keys %s: %s', (encoding, key, expected) => {
    expect(brief(parse([record('any:s3', 's3:ObjectCreated:Put', { key })], encoding))).toEqual(expected)
  })

  test('carries the time of the change, or of its arrival where it names none', () => {
    const times = parse([
      record('aws:s3', 'ObjectCreated:Put', { key: 'k' }),
      record('aws:s3', 'ObjectCreated:Put', { key: 'k' }, ''),
    ]).changes.map((change) => change.changedAt)
    expect(times).toEqual([Date.UTC(2026, 2, 1, 10, 0, 0, 250), 5])
  })

  test('that makes no sense is counted, and pings and test events are not', () => {
    const context = { siteId: 'a', encoding: null, receivedAt: 5 } as const
    const unreadable = [
      undefined,
      'text',
      { Records: 7 },
      { Records: [{ eventName: 1 }] },
      null,
      { Records: null },
      { Records: [] },
      { Event: 's3:TestEvent' },
    ].map((document) => parseEvents(document, context).unreadable)
    expect(unreadable).toEqual([1, 1, 1, 1, 0, 0, 0, 0])
  })
})

const change = (more: Partial<Change> = {}): Change => ({
  siteId: 'a',
  bucket: 'photos',
  key: 'k',
  versionId: 'v1',
  operation: 'put',
  sizeBytes: 7,
  changedAt: 9,
  ...more,
})
const rule = (more: Partial<RuleInput> = {}) =>
  ruleSchema.parse({
    id: 'r',
    source: { site: 'a', bucket: 'photos' },
    targets: [{ site: 'b', bucket: 'copy' }],
    ...more,
  })

const event = { kind: 'event' } as const

async function intakeOf(rules: readonly ReturnType<typeof rule>[]) {
  const log: string[] = []
  const tasks: NewTask[] = []
  let now = 0
  const brakes = new Brakes({
    marks: await Remembered.ofRecords(new MemoryRecords(), 'brake/'),
    now: () => ++now,
    linksOf: (ruleId) =>
      rules.filter(({ id }) => id === ruleId).flatMap((of) => linksOf(of).map(({ linkId }) => linkId)),
    seed: 'test',
    onTrip: (of, { trip, kind }) => void log.push(`hold ${of.id} at ${kind === 'deletes' ? trip.deletes : trip.count}`),
  })
  const queue = {
    enqueue: (batch: readonly NewTask[]) => {
      log.push(`enqueue ${batch.length}`)
      tasks.push(...batch)
      return Promise.resolve(batch.map((_, at) => at + 1))
    },
  }
  return {
    intake: createIntake({
      index: () => indexRules(rules),
      queue,
      atOnce: { unsettled: () => [] },
      brakes,
      skewMs: () => 0,
    }),
    brakes,
    log,
    tasks,
  }
}

test('changes become one task per link that wants them, in order, in one durable batch', async () => {
  const two = { targets: ['b', 'c'].map((site) => ({ site, bucket: 'copy' })) }
  const { intake, log, tasks } = await intakeOf([rule(two)])
  await intake.offer(
    [
      change(),
      change({ bucket: 'other' }),
      change({ versionId: 'v2', operation: 'deleteVersion' }),
      change({ versionId: 'v3' }),
    ],
    event,
  )
  expect(log).toEqual(['enqueue 4'])
  expect(tasks.map((task) => `${task.linkId} ${task.versionId}`)).toEqual([
    'r/b/copy v1',
    'r/b/copy v3',
    'r/c/copy v1',
    'r/c/copy v3',
  ])
  expect(tasks[0]).toEqual({
    linkId: 'r/b/copy',
    key: 'k',
    versionId: 'v1',
    operation: 'put',
    sizeBytes: 7,
    changedAt: 9,
    absentSeenAt: 0,
  })
})

test('a burst of deletes holds its rule before they are queued, once, until released', async () => {
  const deleteBrake = { count: 2, share: 0.5, windowMs: 1000 }
  const only = rule({ deleteBrake, versionDeletes: true })
  const { intake, brakes, log } = await intakeOf([only])
  let versions = 0
  const gone = () => change({ operation: 'deleteMarker', versionId: `m${++versions}` })
  const purged = () => change({ operation: 'deleteVersion', versionId: `v${++versions}` })
  await intake.offer([gone(), purged()], event)
  await intake.offer([purged()], event)
  await intake.offer([gone()], event)
  expect(log).toEqual(['enqueue 2', 'hold r at 3', 'enqueue 1', 'enqueue 1'])
  await brakes.release(only)
  log.length = 0
  await intake.offer([gone()], event)
  await intake.offer([purged(), purged()], event)
  expect(log).toEqual(['enqueue 1', 'hold r at 3', 'enqueue 2'])
})

test('a change that no rule wants costs no write', async () => {
  const { intake, log } = await intakeOf([rule({ enabled: false })])
  await intake.offer([change()], event)
  expect(log).toEqual([])
})
