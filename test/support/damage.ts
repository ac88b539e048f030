import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Random } from './random.ts'

/** What happens to files on failing disks, in careless hands, and in programs that break. In place: the file stays the same one. */
const acts = {
  'zeroed header': (file) => overwrite(file, 0, Buffer.alloc(100)),
  'random bytes': (file, random) => overwrite(file, 0, randomBytes(random, sizeOf(file))),
  'cut tail': (file, random) => cut(file, Math.max(1, sizeOf(file) - 1 - Math.floor(random.next() * 5000))),
  halved: (file) => cut(file, Math.floor(sizeOf(file) / 2)),
  emptied: (file) => cut(file, 0),
  '200 flipped bytes': (file, random) => {
    const bytes = readFileSync(file)
    for (let count = 0; count < 200; count++)
      bytes[Math.floor(random.next() * bytes.length)]! ^= 1 + Math.floor(random.next() * 255)
    overwrite(file, 0, bytes)
  },
  'one flipped bit': (file, random) => {
    const bytes = readFileSync(file)
    bytes[Math.floor(random.next() * bytes.length)]! ^= 1 << Math.floor(random.next() * 8)
    overwrite(file, 0, bytes)
  },
  'a zeroed page': (file, random) =>
    overwrite(file, 4096 * Math.floor((random.next() * sizeOf(file)) / 4096), Buffer.alloc(4096)),
  'a torn stretch': (file, random) =>
    overwrite(
      file,
      Math.floor(random.next() * sizeOf(file)),
      randomBytes(random, 1 + Math.floor(random.next() * 9000)),
    ),
  'rubbish at the end': (file, random) =>
    overwrite(file, sizeOf(file), randomBytes(random, 1 + Math.floor(random.next() * 9000))),
} satisfies Record<string, (file: string, random: Random) => void>

export type Damage = keyof typeof acts
export const damages: Readonly<Record<Damage, (file: string, random: Random) => void>> = acts

function sizeOf(file: string): number {
  return readFileSync(file).length
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, at)
  closeSync(descriptor)
}

function cut(file: string, sizeBytes: number): void {
  const descriptor = openSync(file, 'r+')
  if (fstatSync(descriptor).size > sizeBytes) ftruncateSync(descriptor, sizeBytes)
  closeSync(descriptor)
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)))
}
