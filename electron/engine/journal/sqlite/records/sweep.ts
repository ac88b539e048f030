import type { DatabaseSync } from 'node:sqlite'
import { query } from '../file/database.ts'
import type { GroupCommit } from '../file/group-commit.ts'
import type { NotKept } from '../history/not-kept.ts'
import type { UploadTable } from '../tasks/uploads.ts'

const PER_STEP = 256

/** Removes the rows of forgotten links in small steps. What a crash interrupts, the next start goes on with. */
export class Sweep {
  readonly #database: DatabaseSync
  readonly #commit: GroupCommit
  readonly #uploads: UploadTable
  readonly #notKept: NotKept
  #running: Promise<void> | null = null
  #stopped = false

  constructor(database: DatabaseSync, commit: GroupCommit, uploads: UploadTable, notKept: NotKept) {
    this.#database = database
    this.#commit = commit
    this.#uploads = uploads
    this.#notKept = notKept
  }

  start(): void {
    this.#running ??= this.#sweepAll().finally(() => {
      this.#running = null
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #sweepAll(): Promise<void> {
    const forgotten = query<readonly [number]>(this.#database, 'SELECT id FROM link WHERE name IS NULL LIMIT 1')
    try {
      for (let row = forgotten.get(); row !== undefined && !this.#stopped; row = forgotten.get())
        await this.#sweep(row[0])
    } catch {
      // The journal turned unwritable, which everybody hears of by `onUnwritable`.
    }
  }

  async #sweep(link: number): Promise<void> {
    while (!this.#stopped) {
      const removed = await this.#commit.submit(PER_STEP, () => this.#step(link))
      if (removed === 0) return
    }
  }

  #step(link: number): number {
    const removed =
      this.#removeTasks(link) + this.#remove('pair', 'key, source_version', link) + this.#removeEvents(link)
    if (removed > 0) return removed
    this.#notKept.drop(link)
    this.#database.prepare('DELETE FROM oldest WHERE link = ?').run(link)
    this.#database.prepare('DELETE FROM link WHERE id = ?').run(link)
    return 0
  }

  #removeTasks(link: number): number {
    const rows = query<readonly [number]>(
      this.#database,
      `DELETE FROM task WHERE seq IN (SELECT seq FROM task INDEXED BY task_dedupe WHERE link = ? LIMIT ${PER_STEP})
       RETURNING seq`,
    ).all(link)
    for (const [seq] of rows) this.#uploads.drop(seq)
    return rows.length
  }

  #remove(table: 'pair', key: string, link: number): number {
    const sql = `DELETE FROM ${table} WHERE link = ?1 AND (${key}) IN
      (SELECT ${key} FROM ${table} WHERE link = ?1 LIMIT ${PER_STEP})`
    return Number(this.#database.prepare(sql).run(link).changes)
  }

  #removeEvents(link: number): number {
    const sql = `DELETE FROM event WHERE id IN (SELECT id FROM event INDEXED BY event_of WHERE link = ? LIMIT ${PER_STEP})`
    return Number(this.#database.prepare(sql).run(link).changes)
  }
}
