import { z } from 'zod'

/** How much of what a bucket holds may go at once, before somebody is asked. */
const bucketShare = (share: number) => z.number().min(0).max(1).default(share)
const windowMs = z.int().min(1000).default(600_000)

export const deleteBrakeSchema = z.strictObject({
  /** The brake acts when more than this many deletes… */
  count: z.int().min(1).default(1000),
  /** …and more than this share of all changes (0–1)… */
  share: z.number().min(0).max(1).default(0.5),
  /** …came within this window. */
  windowMs,
  /**
   * It acts as well when fewer deletes take more than this share of what the bucket holds (0–1); 1 leaves it to `count`.
   * Ten deletes are never too many.
   */
  bucketShare: bucketShare(0.5),
})

export const overwriteBrakeSchema = z.strictObject({
  /** The brake acts when this many objects of recognisable content were overwritten with what looks encrypted… */
  count: z.int().min(1).default(100),
  /** …or, when fewer, more than this share of what the bucket holds (0–1). Ten are never too many. */
  bucketShare: bucketShare(0.25),
  windowMs,
})

/** Why a brake stopped a rule, for who has to decide: the numbers, where to look, and what to restore to. */
export const brakeReportSchema = z.object({
  kind: z.enum(['deletes', 'overwrites']),
  /** Keys of the burst, a few for example. */
  keys: z.array(z.string()),
  /** Epoch ms by the source's clock: nothing of the burst had happened then. */
  lastCleanAt: z.number(),
})
export type BrakeReport = Readonly<z.infer<typeof brakeReportSchema>>
