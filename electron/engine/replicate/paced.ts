import type { Pumped } from '../s3/pumped.ts'
import { gathered } from '../s3/pumped.ts'
import type { World } from './context.ts'

/** Up to here a body is collected and goes out in one write with its headers. */
export const smallBodyBytes = 1024 * 1024

/** Reads a body to its end into one buffer. */
export async function collected(body: Pumped, sizeBytes: number, world: World): Promise<Buffer> {
  const whole = await gathered(body, sizeBytes)
  world.onRead(whole.length)
  if (world.pacer.limited) await world.pacer.take(sizeBytes, world.signal)
  return whole
}

/** Passes a body on at the rule's pace, telling each piece to `onPiece` (hashing, counting). */
export function paced(body: Pumped, world: World, onPiece: (piece: Uint8Array) => void): Pumped {
  const { pacer, signal } = world
  return {
    pump: (take) =>
      body.pump((piece) => {
        world.onRead(piece.length)
        onPiece(piece)
        if (!pacer.limited) return take(piece)
        return pacer.take(piece.length, signal).then(() => take(piece))
      }),
    destroy: (error) => body.destroy(error),
  }
}
