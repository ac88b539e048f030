/** File → the files that it imports, both as paths from the root of the project. */
export type Imports = ReadonlyMap<string, readonly string[]>

/**
 * What is wrong with the house, a sentence each: an import upwards or across a floor (of two rooms that import each other
 * one always does), a folder without a floor, a circle of files, and an exception that nothing needs. An exception is
 * what a sentence begins with, up to the colon.
 */
export function faultsOf(
  imports: Imports,
  floors: readonly (readonly string[])[],
  exceptions: readonly string[],
): readonly string[] {
  const found = new Map<string, string[]>()
  const add = (name: string, example: string): void => void found.set(name, [...(found.get(name) ?? []), example])
  const roomOf = roomsIn(floors)
  for (const [file, targets] of imports) {
    const room = roomOf(file)
    for (const target of targets) {
      const below = roomOf(target)
      if (room === null || below === null || room === below) continue
      if (floorOf(floors, below) >= floorOf(floors, room)) add(`${room} → ${below}`, `${file} imports ${target}`)
    }
    if (room === null) add('no floor', file)
  }
  for (const circle of circlesIn(imports)) {
    const rooms = [...new Set(circle.map((file) => roomOf(file) ?? file))].toSorted()
    add(`circle in ${rooms.join(', ')}`, circle.join(', '))
  }
  const stale = exceptions.filter((name) => !found.has(name))
  return [
    ...[...found].filter(([name]) => !exceptions.includes(name)).map(([name, examples]) => told(name, examples)),
    ...stale.map((name) => `${name}: is an exception that nothing needs any more; take it out of the list`),
  ]
}

function told(name: string, examples: readonly string[]): string {
  return `${name}: ${examples.join('; ')}`
}

/** The room of a path: the longest folder among the floors that it lies in. An engine folder has a floor of its own. */
function roomsIn(floors: readonly (readonly string[])[]): (path: string) => string | null {
  const rooms = floors.flat().toSorted((one, other) => other.length - one.length)
  return (path) => {
    const room = rooms.find((folder) => path.startsWith(`${folder}/`)) ?? null
    const isRoot = room !== 'electron/engine' || path.split('/').length === 3
    return isRoot ? room : null
  }
}

function floorOf(floors: readonly (readonly string[])[], room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room))
}

/** Files that reach themselves, one list for each knot of them (Tarjan's strongly connected components). */
function circlesIn(imports: Imports): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const visit = (file: string): number => {
    order.set(file, order.size)
    let low = order.get(file)!
    open.push(file)
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target))
      else if (open.includes(target)) low = Math.min(low, order.get(target)!)
    }
    if (low === order.get(file)) {
      const knot = open.splice(open.indexOf(file))
      if (knot.length > 1 || imports.get(file)?.includes(file) === true) circles.push(knot.toSorted())
    }
    return low
  }
  for (const file of imports.keys()) if (!order.has(file)) visit(file)
  return circles
}
