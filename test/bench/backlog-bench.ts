import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { makeBucket } from '../support/buckets.ts'
import { eventually } from '../support/eventually.ts'
import { liveLoad } from '../support/live-load.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { configFor, ruleFor, type SitePair } from './bench-config.ts'
import { usageOf } from './process-usage.ts'
import type { Row } from './table.ts'

const run = promisify(execFile)
const filledSchema = z.object({ seconds: z.number(), peakRssBytes: z.number() })

export interface BacklogBench extends SitePair {
  readonly dir: string
  readonly tasks: number
}

/**
 * What a long outage of the target leaves behind: a journal full of tasks. Filled through the journal's own port (no
 * site makes a million objects in a benchmark's time), then taken up by an engine that starts on it. The first tasks
 * name objects that are there, so that the first transfer can be seen at the target.
 */
export async function measureBacklog(bench: BacklogBench): Promise<readonly Row[]> {
  const clients = { source: s3Client(bench.source), target: s3Client(bench.target) }
  await makeBucket(clients.source, 'backlog')
  await makeBucket(clients.target, 'backlog')
  const present = { client: clients.source, bucket: 'backlog', seed: 9, total: 200, keyPrefix: 'backlog/' }
  await liveLoad({ ...present, mix: 'puts' })
  const dir = join(bench.dir, 'backlog')
  await mkdir(join(dir, 'data'), { recursive: true })
  const filled = await fillJournal(join(dir, 'data'), bench)
  const resumed = await resume(bench, dir, clients.target)
  return rows(bench.tasks, filled, resumed)
}

async function fillJournal(
  dataDir: string,
  { source, target, tasks }: BacklogBench,
): Promise<z.output<typeof filledSchema>> {
  const script = join(import.meta.dirname, 'fill-journal.ts')
  const { stdout } = await run(process.execPath, [script, dataDir, source.endpoint, target.endpoint, String(tasks)])
  return filledSchema.parse(JSON.parse(stdout))
}

interface Resumed {
  readonly readySeconds: number
  readonly firstTransferSeconds: number
  readonly peakRssBytes: number
}

async function resume(bench: BacklogBench, dir: string, target: S3Client): Promise<Resumed> {
  const rule = ruleFor('backlog', 'backlog', { existingObjects: false, scanIntervalSeconds: 3600 })
  const startedAt = performance.now()
  const since = (): number => (performance.now() - startedAt) / 1000
  const lockstep = await startLockstep({ dir, config: configFor(bench, { rules: [rule] }) })
  const readySeconds = since()
  try {
    await eventually(() => hasObject(target), { withinMs: 120_000, everyMs: 10 })
    const firstTransferSeconds = since()
    return { readySeconds, firstTransferSeconds, peakRssBytes: usageOf(lockstep.ready.pid).peakRssBytes }
  } finally {
    await lockstep.kill9()
  }
}

async function hasObject(target: S3Client): Promise<void> {
  const { KeyCount } = await target.send(new ListObjectsV2Command({ Bucket: 'backlog', MaxKeys: 1 }))
  if ((KeyCount ?? 0) === 0) throw new Error('nothing has arrived')
}

function rows(tasks: number, filled: z.output<typeof filledSchema>, resumed: Resumed): readonly Row[] {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
  const what = `${tasks.toLocaleString('en')} journalled tasks`
  const peak = Math.max(filled.peakRssBytes, resumed.peakRssBytes)
  return [
    {
      what: `${what}: enqueued`,
      lockstep: `${(tasks / filled.seconds).toFixed(0)} /s`,
      aim: '–',
      reached: null,
    },
    { what: `${what}: peak memory`, lockstep: megabytes(peak), aim: '≤ 500 MB', reached: peak <= 500e6 },
    {
      what: `${what}: restart → ready / first transfer`,
      lockstep: `${resumed.readySeconds.toFixed(2)} s / ${resumed.firstTransferSeconds.toFixed(2)} s`,
      aim: '–',
      reached: null,
    },
  ]
}
