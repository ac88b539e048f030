import { join } from 'node:path'
import { faultsOf } from './check.ts'
import { exceptions, floors } from './order.ts'
import { readImports } from './read-imports.ts'

const imports = readImports(join(import.meta.dirname, '../..'), ['electron', 'shared', 'renderer'])
const faults = faultsOf(imports, floors, exceptions)
for (const fault of faults) process.stderr.write(`${fault}\n`)
if (exceptions.length > 0) process.stderr.write(`(${exceptions.length} exceptions from the order of the floors)\n`)
process.exitCode = faults.length === 0 ? 0 : 1
