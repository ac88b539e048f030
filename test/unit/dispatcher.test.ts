import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { fault, FaultError } from '../../shared/model/fault.ts'
import type { Briefing, TaskStore } from '../../electron/engine/journal/port/tasks.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'
import type { TaskOrder } from '../../electron/engine/replicate/port.ts'
import { Dispatcher } from '../../electron/engine/worker/dispatcher.ts'
import type { TaskEvents } from '../../electron/engine/worker/task-events.ts'
import { openSqlite } from './journal-ports/implementation.ts'

const linkId = 'r/a/b'

/** A dispatcher whose briefings come when the test says so, and the threads that it would hand its orders to. */
async function open() {
  const { journal } = await openSqlite()
  const asked: { readonly answer: () => Promise<void>; readonly refuse: (error: unknown) => void }[] = []
  const brief: TaskStore['brief'] = (requests) =>
    new Promise<readonly Briefing[]>((resolve, reject) =>
      asked.push({ answer: async () => resolve(await journal.tasks.brief(requests)), refuse: reject }),
    )
  const queue = createQueue({ tasks: journal.tasks, atOnce: journal.atOnce, now: () => 5000, random: () => 0 })
  onTestFinished(() => queue.close())
  const ran: TaskOrder[] = []
  const cancelled: number[] = []
  const errors: unknown[] = []
  const dispatcher = new Dispatcher(
    {
      queue,
      tasks: { brief },
      atOnce: journal.atOnce,
      pool: {
        run: (orders) => void ran.push(...orders),
        cancel: (seqs) => void cancelled.push(...seqs),
        progress: () => null,
      },
      link: () => null,
      now: () => 5000,
      events: new EventEmitter<TaskEvents>(),
      judgement: () => undefined,
      excuses: () => false,
      again: async () => undefined,
      onError: (error) => void errors.push(error),
    },
    { limit: 10, large: 2 },
  )
  queue.addLink({ linkId, priority: 0, sourceSite: 'a', targetSite: 'b' })
  const [seq] = await queue.enqueue([
    { linkId, key: 'k', versionId: 'v', operation: 'put', sizeBytes: 1, changedAt: 1, absentSeenAt: 0 },
  ])
  dispatcher.start()
  await expect.poll(() => asked.length).toBe(1)
  return { journal, queue, dispatcher, briefing: asked[0]!, ran, cancelled, errors, seq: seq! }
}

test('a task goes to a thread with what the journal told of it', async () => {
  const { dispatcher, briefing, ran, cancelled, seq } = await open()
  expect([ran.length, dispatcher.inFlight(linkId)]).toEqual([0, 1])
  await briefing.answer()
  await expect.poll(() => ran).toMatchObject([{ seq, key: 'k', attempt: 1, open: [seq], mayHaveRun: false }])
  dispatcher.cancelLink(linkId)
  expect(cancelled).toEqual([seq])
})

test('what is taken back while it is briefed goes to no thread, and may be had again', async () => {
  for (const how of ['link', 'stop'] as const) {
    const { queue, dispatcher, briefing, ran, cancelled, errors } = await open()
    if (how === 'link') queue.hold(linkId, 'moved')
    if (how === 'link') dispatcher.cancelLink(linkId)
    else dispatcher.stop()
    await briefing.answer()
    await expect.poll(() => queue.counts(linkId)).toEqual({ ready: 1, leased: 0 })
    expect([ran, cancelled, errors, dispatcher.inFlight(linkId)]).toEqual([[], [], [], 0])
  }
})

test('a briefing that cannot be read is a failed attempt, and is listed', async () => {
  const { queue, dispatcher, briefing, ran, journal, seq } = await open()
  briefing.refuse(new FaultError(fault('SERVER_ERROR', 'The store of the tasks does not answer.')))
  await expect.poll(() => queue.counts(linkId).leased).toBe(0)
  expect([ran, dispatcher.inFlight(linkId)]).toEqual([[], 0])
  expect(journal.atOnce.task(seq)).toMatchObject({ state: 'delayed', fault: { code: 'SERVER_ERROR' }, attempts: 1 })
})
