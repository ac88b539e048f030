import { createWriteStream, existsSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { takePrivateDirectory } from '../engine/base/private-files.ts'

export interface LogFile {
  readonly file: string
  readonly write: (line: string) => void
  close(): Promise<void>
}

const maxBytes = 10 * 1024 * 1024

/** Appends JSON lines to `lockstep.log`; at 10 MiB the file becomes `lockstep.log.1` and a new one begins. */
export function openLogFile(dir: string): LogFile {
  takePrivateDirectory(dir)
  const file = path.join(dir, 'lockstep.log')
  let size = existsSync(file) ? statSync(file).size : 0
  let stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  return {
    file,
    write: (line) => {
      if (size > maxBytes) {
        stream.end()
        renameSync(file, `${file}.1`)
        stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
        size = 0
      }
      size += line.length + 1
      stream.write(`${line}\n`)
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  }
}
