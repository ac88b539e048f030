import { Transform, type Readable } from 'node:stream'
import type { World } from './world.ts'

/** Up to here a body is collected and goes out in one write with its headers. */
export const smallBodyBytes = 1024 * 1024

/** Reads a body to its end into one buffer. */
export async function collected(body: Readable, sizeBytes: number, world: World): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    world.onRead(chunk.length)
  }
  if (world.pacer.limited) await world.pacer.take(sizeBytes, world.signal)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

/** Passes a body on at the rule's pace, telling each chunk to `onChunk` (hashing, counting). */
export function paced(body: Readable, world: World, onChunk: (chunk: Buffer) => void): Readable {
  const { pacer, signal } = world
  const gate = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      world.onRead(chunk.length)
      onChunk(chunk)
      if (!pacer.limited) done(null, chunk)
      else pacer.take(chunk.length, signal).then(() => done(null, chunk), done)
    },
  })
  // pipe() does not carry errors over: a body that breaks must break the upload too, not leave it hanging.
  body.once('error', (error) => gate.destroy(error))
  gate.once('close', () => body.destroy())
  return body.pipe(gate)
}
