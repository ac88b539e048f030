import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { floors } from '../floors/order.ts'

const root = join(import.meta.dirname, '../..')
const engine = 'electron/engine'
const files = globSync('{electron,shared,renderer,test}/**/*.{ts,tsx,md}', { cwd: root })
const paths = new Set(files.flatMap((file) => [file, ...foldersOf(file)]))

function foldersOf(file: string): readonly string[] {
  const folder = dirname(file)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}

/** What stands in backticks and looks like a file or folder of the project, without the slash at its end. */
function namedIn(document: string): readonly string[] {
  const text = readFileSync(join(root, engine, document), 'utf8')
  const names = [...text.matchAll(/`([a-z][\w./-]*(?:\.tsx?|\.md|\/))`/g)].map((match) => match[1]!)
  return [...new Set(names)].map((name) => name.replace(/\/$/, ''))
}

const isThere = (name: string): boolean =>
  paths.has(name) ||
  paths.has(`${engine}/${name}`) ||
  // A file alone, where the sentence says in which room it lies.
  (!name.includes('/') && files.some((file) => file.endsWith(`/${name}`)))

test.each(['DESIGN.md', 'GLOSSARY.md'])('every file and folder that %s names is there', (document) => {
  expect(namedIn(document).filter((name) => !isThere(name))).toEqual([])
})

test('the glossary has a word for every room', () => {
  const named = namedIn('GLOSSARY.md').map((name) => (paths.has(name) ? name : `${engine}/${name}`))
  const rooms = floors.flat().filter((room) => room.startsWith('electron/') && room !== engine)
  const without = rooms.filter((room) => !named.some((name) => name === room || name.startsWith(`${room}/`)))
  expect(without).toEqual([])
})
