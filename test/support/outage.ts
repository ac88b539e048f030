import { untilBadge } from './watch.ts'
import type { World } from './world.ts'

/** Cut off, and noticed: two probes in a row are what it takes while nothing is under way. */
export async function goDark(world: World, side: 'a' | 'b'): Promise<void> {
  await world[side].faults.goOffline()
  for (let probes = 0; probes < 2; probes++) await world.api().sites.probe({ id: side })
  await untilBadge(world, 'held', new RegExp(`^Site ${side.toUpperCase()} is offline`))
}

/** Plugged in again, and noticed. */
export async function comeBack(world: World, side: 'a' | 'b'): Promise<void> {
  await world[side].faults.goOnline()
  await world.api().sites.probe({ id: side })
}
