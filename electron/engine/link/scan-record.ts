import { z } from 'zod'
import type { SourceCount } from '../feed/held-count.ts'
import type { Journal } from '../journal/port.ts'

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
  startedAt(): number
  start(at: number): Promise<void>
  /** What the source held under the rule; null when that was never counted. */
  held(): HeldAt | null
  hold(count: SourceCount, at: number): Promise<void>
}

export function scanRecord(journal: Pick<Journal, 'read' | 'write'>, linkId: string): ScanRecord {
  const startName = `scanned/${linkId}`
  const heldName = `held/${linkId}`
  return {
    startedAt: () => z.number().catch(0).parse(journal.read(startName)),
    start: (at) => journal.write(startName, at),
    held: () => heldSchema.nullable().catch(null).parse(journal.read(heldName)),
    hold: (count, at) => journal.write(heldName, { ...count, at } satisfies HeldAt),
  }
}
