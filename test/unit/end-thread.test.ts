import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { threadEnded } from '../../electron/engine/base/end-thread.ts'

test('who waits for the end of a thread that has ended already does not wait', async () => {
  const thread = new Worker('', { eval: true })
  await once(thread, 'exit')
  await expect(threadEnded(thread, 60_000).then(() => 'ended')).resolves.toBe('ended')
})

test('a thread that does not end by itself is torn down when its time is over', async () => {
  const thread = new Worker('setInterval(() => undefined, 1000)', { eval: true })
  await once(thread, 'online')
  await threadEnded(thread, 10)
  expect(thread.threadId).toBe(-1)
})
