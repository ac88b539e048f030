import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'

const magic = Buffer.from('SQLite format 3\0', 'latin1')

/** Whether the journal's file is still the one that was opened, as far as that shows without reading it. */
export class FileWatch {
  readonly #path: string
  readonly #descriptor: number
  readonly #inode: number
  readonly #header = Buffer.alloc(magic.length)
  #fileBytes = 0
  #logBytes = 0

  /** Before the database is opened. */
  constructor(path: string) {
    this.#path = path
    this.#descriptor = openSync(path, 'r')
    this.#inode = fstatSync(this.#descriptor).ino
  }

  /**
   * What is wrong with where the file and its log lie, and with their lengths; null when nothing is. `logMayShrinkTo`: SQLite
   * itself cuts a long log back to so many bytes when it begins anew, and never the file.
   */
  place(log: number | null, logMayShrinkTo: number): string | null {
    const file = statSync(this.#path, { throwIfNoEntry: false })
    if (file === undefined) return 'its file was removed while it was written'
    if (file.ino !== this.#inode) return 'another file took its place while it was written'
    if (file.size < this.#fileBytes) return 'its file was cut while it was written'
    this.#fileBytes = file.size
    if (log === null) return null
    const { nlink, size } = fstatSync(log)
    if (nlink === 0) return 'its log was removed while it was written'
    if (size < Math.min(this.#logBytes, logMayShrinkTo)) return 'its log was cut while it was written'
    this.#logBytes = size
    return null
  }

  /** What is wrong with its first bytes; null when nothing is. */
  beginning(): string | null {
    const length = readSync(this.#descriptor, this.#header, 0, magic.length, 0)
    return length === magic.length && this.#header.equals(magic) ? null : 'its beginning was overwritten'
  }

  /** Only after the database is closed: with any descriptor of the file, this process’s locks on it would go. */
  close(): void {
    closeSync(this.#descriptor)
  }
}
