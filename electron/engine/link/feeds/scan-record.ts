import { z } from 'zod'
import type { SourceCount } from '../../scan/held-count.ts'
import type { ScanStore } from '../../journal/port/scans.ts'

const heldSchema = z.object({
  live: z.number(),
  keys: z.number(),
  versions: z.number(),
  sizeBytes: z.number(),
  /** Epoch ms at which the scan began. */
  at: z.number(),
})
export type HeldAt = Readonly<z.infer<typeof heldSchema>>

/** What the journal keeps of the last whole scan of a link. */
export interface ScanRecord {
  /** Epoch ms at which it began; 0 when there was none. */
  startedAt(): Promise<number>
  start(at: number): Promise<void>
  /** What the source held under the rule; null when that was never counted. */
  held(): Promise<HeldAt | null>
  hold(count: SourceCount, at: number): Promise<void>
}

export function scanRecord(scans: Pick<ScanStore, 'read' | 'write'>, linkId: string): ScanRecord {
  return {
    startedAt: async () =>
      z
        .number()
        .catch(0)
        .parse(await scans.read(linkId, 'started')),
    start: (at) => scans.write(linkId, 'started', at),
    held: async () =>
      heldSchema
        .nullable()
        .catch(null)
        .parse(await scans.read(linkId, 'held')),
    hold: (count, at) => scans.write(linkId, 'held', { ...count, at } satisfies HeldAt),
  }
}
