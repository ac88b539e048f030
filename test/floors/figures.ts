/* Tells how the house stands, for DESIGN.md: told, not held. Run it by `node test/floors/figures.ts`, at any commit. */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readImports } from './read-imports.ts'

const root = process.argv[2] ?? join(import.meta.dirname, '../..')
const product = ['electron', 'shared', 'renderer']
const linesOf = (file: string): readonly string[] => readFileSync(join(root, file), 'utf8').trimEnd().split('\n')
const isComment = (line: string): boolean => /^\s*(?:\/\/|\/?\*)/.test(line)
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`

const imports = readImports(root, product)
const files = [...imports.keys()].map((file) => ({ file, lines: linesOf(file) }))
const lengths = files.map(({ lines }) => lines.length).toSorted((a, b) => a - b)
const importers = new Map<string, number>()
for (const targets of imports.values())
  for (const target of targets) importers.set(target, (importers.get(target) ?? 0) + 1)
const ofOne = files.filter(({ file }) => importers.get(file) === 1)
const folders = new Map<string, number>()
for (const { file } of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1)
const tests = sum(globSync('test/**/*.{ts,tsx}', { cwd: root }).map((file) => linesOf(file).length))

process.stdout.write(
  [
    `files ${files.length}, median ${lengths[lengths.length >> 1]} lines, longest ${lengths.at(-1)}`,
    `with one importer ${ofOne.length} (${share(ofOne.length, files.length)}), of these up to 40 lines ${ofOne.filter(({ lines }) => lines.length <= 40).length}`,
    `up to 30 lines ${lengths.filter((length) => length <= 30).length}`,
    `comments ${share(sum(files.map(({ lines }) => lines.filter(isComment).length)), sum(lengths))}`,
    `lines of test per line of the product ${(tests / sum(lengths)).toFixed(2)}`,
    `folders ${folders.size}, files in the fullest: ${[...folders]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 5)
      .map(([folder, count]) => `${folder} ${count}`)
      .join(', ')}`,
    '',
  ].join('\n'),
)
