import { z } from 'zod'

const spanSchema = z.object({
  /** All keys up to and including this one are looked at, and their tasks durable; null: none yet. */
  after: z.string().nullable(),
  /** The last key of the span; null: the end of the listing. */
  until: z.string().nullable(),
})

const checkpointSchema = z.object({
  prefix: z.string(),
  /** What is still to be looked at. */
  spans: z.array(spanSchema),
  keys: z.number(),
  versions: z.number(),
  differences: z.number(),
})

/** A run of keys that is looked at in order: those after `after`, up to and including `until`. */
export type Span = Readonly<z.infer<typeof spanSchema>>

/** Where a scan goes on after a restart. */
export interface ScanCheckpoint extends Readonly<Omit<z.infer<typeof checkpointSchema>, 'spans'>> {
  readonly spans: readonly Span[]
}

/** null when there is none, when it belongs to another prefix, or when it cannot be read: the scan starts over then. */
export function parseCheckpoint(value: unknown, prefix: string): ScanCheckpoint | null {
  const parsed = checkpointSchema.safeParse(value)
  return parsed.success && parsed.data.prefix === prefix ? parsed.data : null
}
