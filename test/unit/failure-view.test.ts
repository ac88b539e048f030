import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { failureListInput } from '../../shared/api/inputs.ts'
import { fault } from '../../shared/model/fault.ts'
import { failuresApi } from '../../electron/engine/api/failures.ts'
import { Jobs } from '../../electron/engine/job/jobs.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'
import { makeTempDir } from '../support/temp.ts'
import { WoundClock } from './site-clock.ts'

test.each([
  ['parked', 'METADATA_OVER_LIMIT'],
  ['delayed', 'SERVER_ERROR'],
] as const)(
  'a failure is %s as soon as the list has it, also while that is being made durable',
  async (state, code) => {
    const temp = await makeTempDir('failure-view')
    const { now } = Date
    const journal = openJournal({ dir: temp.path, now })
    const queue = createQueue({
      tasks: journal.tasks,
      atOnce: journal.atOnce,
      now,
      random: () => 0,
      timers: new WoundClock(),
    })
    onTestFinished(async () => {
      queue.close()
      await journal.close()
      await temp.remove()
    })
    const ends = { ruleId: 'r', source: { site: 'a', bucket: 'data' }, target: { site: 'b', bucket: 'data' } }
    const jobs = new Jobs(now, () => undefined)
    const failures = failuresApi({ journal, queue, jobs, now, hold: () => null, link: () => ends })
    queue.addLink({ linkId: 'r/0', priority: 0, sourceSite: 'a', targetSite: 'b' })
    const key = { linkId: 'r/0', key: 'key', versionId: 'v1', operation: 'put', sizeBytes: 1 } as const
    await queue.enqueue([{ ...key, changedAt: now(), absentSeenAt: 0 }])
    queue.lease({ small: 1, large: 1, mrf: 1 })
    await journal.flush()
    const [lease] = queue.lease({ small: 1, large: 1, mrf: 1 })
    const ended = queue.nack(lease!, fault(code, 'no'))
    const listed = async () => (await failures.list(failureListInput.parse({}))).rows.map((row) => row.state)
    while ((await listed()).length === 0) await turn()
    expect(await listed()).toEqual([state])
    await ended
    expect(await listed()).toEqual([state])
  },
)
