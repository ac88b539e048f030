import { createHash, type Hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { sqlNumber } from './sql-value.ts'
import type { Segment, SegmentSlice } from './segment.ts'

/** Bodies up to this size live in the index: for small objects one write instead of three file operations. */
const inlineBytes = 32 * 1024
const readBytes = 256 * 1024

/** A body that has arrived and belongs to nothing yet: keep it in the transaction that names it, or discard it. */
export interface Received {
  readonly sizeBytes: number
  /** Hex. */
  readonly md5: string
  readonly content: { readonly bytes: Buffer } | { readonly fileId: number }
}

export class Bodies {
  readonly #dir: string
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #delete: StatementSync
  readonly #readers = new Map<number, number>()
  readonly #doomed = new Set<number>()
  #nextId: number

  constructor(db: DatabaseSync, dir: string) {
    mkdirSync(dir, { recursive: true })
    this.#dir = dir
    this.#insert = db.prepare('INSERT INTO small_body (id, bytes) VALUES (?, ?)')
    this.#select = db.prepare('SELECT bytes FROM small_body WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM small_body WHERE id = ?')
    this.#nextId = 1 + sqlNumber(db.prepare('SELECT coalesce(max(id), 0) AS id FROM small_body').get() ?? {}, 'id')
  }

  /** Removes files that no segment names: what a killed process had received and not yet entered. */
  async sweep(used: readonly Segment[]): Promise<void> {
    const named = new Set(used.filter(({ place }) => place === 'file').map(({ id }) => id))
    for (const name of await readdir(this.#dir)) {
      const id = Number(name)
      this.#nextId = Math.max(this.#nextId, id + 1)
      if (!named.has(id)) await unlink(this.#path(id))
    }
  }

  /** Reads a body to its end in constant memory. Leaves nothing behind when it throws. */
  async receive(chunks: AsyncIterable<Buffer>): Promise<Received> {
    const md5 = createHash('md5')
    const held: Buffer[] = []
    let sizeBytes = 0
    let file: OpenFile | null = null
    try {
      for await (const chunk of chunks) {
        md5.update(chunk)
        sizeBytes += chunk.length
        if (sizeBytes <= inlineBytes) held.push(chunk)
        else {
          file ??= await this.#create(held)
          await writeFully(file.handle, chunk)
        }
      }
    } catch (error) {
      await this.#abandon(file)
      throw error
    }
    return this.#received(file, held, sizeBytes, md5)
  }

  async #received(file: OpenFile | null, held: readonly Buffer[], sizeBytes: number, md5: Hash): Promise<Received> {
    await file?.handle.close()
    const content = file === null ? { bytes: held.length === 1 ? held[0]! : Buffer.concat(held) } : { fileId: file.id }
    return { sizeBytes, md5: md5.digest('hex'), content }
  }

  async #create(held: readonly Buffer[]): Promise<OpenFile> {
    const id = this.#nextId++
    const handle = await open(this.#path(id), 'wx')
    for (const chunk of held) await writeFully(handle, chunk)
    return { id, handle }
  }

  async #abandon(file: OpenFile | null): Promise<void> {
    if (file === null) return
    await file.handle.close()
    await unlink(this.#path(file.id))
  }

  /** Call inside the transaction that names the segments. */
  keep({ content, sizeBytes }: Received): readonly Segment[] {
    // An empty part still counts as a part; row 0 never exists.
    if (sizeBytes === 0) return [{ place: 'row', id: 0, sizeBytes: 0 }]
    if ('fileId' in content) return [{ place: 'file', id: content.fileId, sizeBytes }]
    const id = this.#nextId++
    this.#insert.run(id, content.bytes)
    return [{ place: 'row', id, sizeBytes }]
  }

  /** For a body that was received and is not wanted. */
  async discard({ content }: Received): Promise<void> {
    if ('fileId' in content) await unlink(this.#path(content.fileId))
  }

  /** Call inside the transaction that drops the segments. Files that are being read go when the last reader is done. */
  drop(segments: readonly Segment[]): void {
    for (const { place, id } of segments) {
      if (place === 'row') this.#delete.run(id)
      else this.#doomed.add(id)
    }
  }

  /** Call after the transaction: until it has committed, the files may still be needed. */
  async removeDropped(): Promise<void> {
    for (const id of this.#doomed) {
      if (this.#readers.has(id)) continue
      this.#doomed.delete(id)
      await unlink(this.#path(id))
    }
  }

  /** The bytes of a small segment at once; null when it must be streamed. */
  readSmall({ segment, from, sizeBytes }: SegmentSlice): Buffer | null {
    if (segment.place === 'file') return null
    const bytes = this.#select.get(segment.id)?.['bytes']
    if (!(bytes instanceof Uint8Array)) throw new Error(`body ${segment.id} is missing from the index`)
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, sizeBytes)
  }

  /**
   * Streams the slices. The files are held from the call on, so a version that is purged meanwhile is still read to its
   * end; the iterator must be run or returned.
   */
  read(slices: readonly SegmentSlice[]): AsyncGenerator<Buffer> {
    for (const { segment } of slices) this.#hold(segment, 1)
    return this.#stream(slices)
  }

  async *#stream(slices: readonly SegmentSlice[]): AsyncGenerator<Buffer> {
    try {
      for (const slice of slices) {
        const small = this.readSmall(slice)
        if (small === null) yield* this.#streamFile(slice)
        else yield small
      }
    } finally {
      for (const { segment } of slices) this.#hold(segment, -1)
      await this.removeDropped()
    }
  }

  async *#streamFile({ segment, from, sizeBytes }: SegmentSlice): AsyncGenerator<Buffer> {
    await using handle = await open(this.#path(segment.id), 'r')
    let position = from
    const end = from + sizeBytes
    while (position < end) {
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, end - position))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) throw new Error(`body ${segment.id} is shorter than the index says`)
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  #hold({ place, id }: Segment, by: 1 | -1): void {
    if (place === 'row') return
    const count = (this.#readers.get(id) ?? 0) + by
    if (count === 0) this.#readers.delete(id)
    else this.#readers.set(id, count)
  }

  #path(id: number): string {
    return join(this.#dir, String(id))
  }
}

interface OpenFile {
  readonly id: number
  readonly handle: FileHandle
}

async function writeFully(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten
}
