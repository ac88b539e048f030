import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import { linkIdOf } from '../../electron/engine/rule/link.ts'
import { linkIdentity } from '../support/link-identity.ts'
import { usageOf } from './process-usage.ts'

/**
 * `fill-journal.ts DIR SOURCE TARGET COUNT`: journals that many tasks of the rule `backlog` between these two endpoints as an
 * outage would, and prints what it took as JSON.
 */
const [dir = '', sourceEndpoint = '', targetEndpoint = '', count = '0'] = process.argv.slice(2)
const batch = 500
const journal = openJournal({ dir, now: Date.now })
const target = { site: 'target', bucket: 'backlog' }
const linkId = linkIdOf('backlog', target)
const source = { site: 'source', bucket: 'backlog', endpoint: sourceEndpoint }
await journal.records.openLink(
  linkIdentity(linkId, 'backlog', { source, target: { ...target, endpoint: targetEndpoint } }),
)
const startedAt = performance.now()
const underWay = new Set<Promise<unknown>>()
for (let first = 0; first < Number(count); first += batch) {
  const size = Math.min(batch, Number(count) - first)
  const commit = journal.tasks.enqueue(Array.from({ length: size }, (_, index) => taskOf(first + index)))
  underWay.add(commit)
  void commit.finally(() => underWay.delete(commit))
  if (underWay.size >= 8) await Promise.race(underWay)
}
await Promise.all(underWay)
const seconds = (performance.now() - startedAt) / 1000
await journal.close()
process.stdout.write(JSON.stringify({ seconds, peakRssBytes: usageOf(process.pid).peakRssBytes }))

function taskOf(index: number): NewTask {
  return {
    linkId,
    key: backlogKey(index),
    versionId: null,
    operation: 'put',
    sizeBytes: 4096,
    changedAt: Date.now(),
    absentSeenAt: 0,
  }
}

function backlogKey(index: number): string {
  return `backlog/object-${String(index).padStart(6, '0')}`
}
