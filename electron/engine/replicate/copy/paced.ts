import type { Pumped } from '../../s3/pumped.ts'
import { gathered } from '../../s3/pumped.ts'
import type { ReplicationContext } from '../context.ts'

/** Up to here a body is collected and goes out in one write with its headers. */
export const smallBodyBytes = 1024 * 1024

/** Reads a body to its end into one buffer. */
export async function collected(body: Pumped, sizeBytes: number, context: ReplicationContext): Promise<Buffer> {
  const whole = await gathered(body, sizeBytes)
  context.onRead(whole.length)
  if (context.pacer.limited) await context.pacer.take(sizeBytes, context.signal)
  return whole
}

/** Passes a body on at the rule's pace, telling each piece to `onPiece` (hashing, counting). */
export function paced(body: Pumped, context: ReplicationContext, onPiece: (piece: Uint8Array) => void): Pumped {
  const { pacer, signal } = context
  return {
    pump: (take) =>
      body.pump((piece) => {
        context.onRead(piece.length)
        onPiece(piece)
        if (!pacer.limited) return take(piece)
        return pacer.take(piece.length, signal).then(() => take(piece))
      }),
    destroy: (error) => body.destroy(error),
  }
}
