import { z } from 'zod'

const checkpointSchema = z.object({
  prefix: z.string(),
  /** All keys up to and including this one are looked at, and their tasks durable. */
  after: z.string(),
  keys: z.number(),
  versions: z.number(),
  differences: z.number(),
})

/** Where a scan goes on after a restart. */
export type ScanCheckpoint = Readonly<z.infer<typeof checkpointSchema>>

/** null when there is none, when it belongs to another prefix, or when it cannot be read: the scan starts over then. */
export function parseCheckpoint(value: unknown, prefix: string): ScanCheckpoint | null {
  const parsed = checkpointSchema.safeParse(value)
  return parsed.success && parsed.data.prefix === prefix ? parsed.data : null
}
