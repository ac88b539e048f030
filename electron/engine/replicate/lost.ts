import type { World } from './world.ts'
import { versionsOf } from './look.ts'

/** A listing may be a little late. From this attempt on, what is listed and not found is taken for lost. */
const attemptsBeforeLost = 3

/** What the source's listing says of a version that was not found. `late`: it is listed, and may be gone all the same. */
export async function afterNotFound(versionId: string | null, world: World): Promise<'gone' | 'late' | 'lost'> {
  const { source, link, order, signal } = world
  const listed = await versionsOf(source, link.source.bucket, order.key, signal)
  if (!listed.some((entry) => versionId === null || entry.versionId === versionId)) return 'gone'
  return order.attempt < attemptsBeforeLost ? 'late' : 'lost'
}
