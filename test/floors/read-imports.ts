import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import type { Imports } from './check.ts'

/** `from '…'`, `import '…'` and `import('…')` of files of the project: the formatter leaves no other form. */
const relativeImport = /(?:\bfrom|^import|\bimport\()\s*'(\.[^']+)'/gm

/** What the files of these folders import of each other. Paths are told from `root`, with `/`. */
export function readImports(root: string, folders: readonly string[]): Imports {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root })).toSorted()
  const known = new Set(files)
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const targets = [...text.matchAll(relativeImport)].map((match) => normalize(join(dirname(file), match[1]!)))
      return [file, [...new Set(targets)].filter((target) => known.has(target))]
    }),
  )
}
