import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'

/** `journal-writer.ts DIR RUN`: writes until it is killed, and prints every number whose write was promised to be on disk. */
const [dir = '', run = ''] = process.argv.slice(2)
const journal = openJournal({ dir, now: Date.now, limits: { flushDelayMs: 0 } })
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say('open')
for (let round = 0; ; round++) {
  const tasks = Array.from({ length: 20 }, (_, index) => ({
    linkId: 'r/0',
    key: `${run}/${round}/${index}`,
    versionId: 'v',
    operation: 'put' as const,
    sizeBytes: 1,
    changedAt: 1000 + round,
    absentSeenAt: 0,
  }))
  const seqs = await journal.tasks.enqueue(tasks)
  say(`enqueued ${seqs.join(' ')}`)
  const [first = 0, second = 0] = seqs
  const learned = [{ sourceVersionId: 'v', targetVersionId: `t${round}` }]
  await journal.tasks.settle({ seq: first, revision: 1, bytes: 1, learned, forgotten: [] })
  say(`settled ${first}`)
  await journal.tasks.saveUpload(second, { uploadId: `u${round}`, layout: [1], sourceEtag: 'e' })
  await journal.tasks.savePart(second, { partNumber: 1, etag: 'p', sizeBytes: 1 })
  say(`uploading ${second}`)
}
