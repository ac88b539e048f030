import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { damaged } from './damage.ts'
import { JournalThread } from './journal-thread.ts'
import type { WitnessRecord } from './witness.ts'

/** `new`: nothing is there yet. `as-left`: byte for byte what the last stop left. `unsure`: after a crash. */
type FirstLook = 'new' | 'as-left' | 'unsure'

/** A sum over more takes longer than a second; such a file is looked through by SQLite. */
const longestSummedBytes = 256 * 1024 * 1024

/** Before the file is opened: throws JOURNAL_DAMAGED where it is gone, empty, or not what the last stop left. */
export function firstLook(path: string, witness: WitnessRecord | null): FirstLook {
  const size = sizeOf(path)
  if (size === null || size === 0) {
    if (witness === null) return 'new'
    throw damaged(path, size === null ? 'the file is gone' : 'the file is empty')
  }
  const closed = witness?.closed ?? null
  if (closed === null || (sizeOf(`${path}-wal`) ?? 0) > 0) return 'unsure'
  if (closed.sizeBytes !== size)
    throw damaged(path, `it has ${size} bytes, and had ${closed.sizeBytes} when it was closed`)
  if (sumOf(path) !== closed.crc32) throw damaged(path, 'its content is not what was in it when it was closed')
  return 'as-left'
}

/** What the next start must find; null where that cannot be said. The file must be closed. */
export function leftBehind(path: string): WitnessRecord['closed'] {
  const sizeBytes = sizeOf(path)
  if (sizeBytes === null || sizeBytes > longestSummedBytes || (sizeOf(`${path}-wal`) ?? 0) > 0) return null
  return { sizeBytes, crc32: sumOf(path) }
}

/** Looks through the whole file, off this thread. Rejects with what SQLite found. */
export async function lookThrough(path: string): Promise<void> {
  const thread = new JournalThread(path)
  try {
    await thread.tell('check')
  } finally {
    await thread.end()
  }
}

const sizeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.size ?? null

function sumOf(path: string): number {
  const descriptor = openSync(path, 'r')
  try {
    const piece = Buffer.allocUnsafe(1024 * 1024)
    let sum = 0
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece))
      sum = crc32(piece.subarray(0, length), sum)
    return sum
  } finally {
    closeSync(descriptor)
  }
}
