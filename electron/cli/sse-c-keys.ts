import { readFile } from 'node:fs/promises'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { sseCKeyText } from '../../shared/model/sse-c-key.ts'
import { connect } from './client.ts'
import type { AskOptions } from './commands.ts'
import { exitCodes, type CliIo, type ExitCode } from './io.ts'
import { sseCKeysLines } from './views.ts'

export interface AddKeyOptions extends AskOptions {
  readonly file?: string | undefined
  readonly env?: string | undefined
}

export async function listSseCKeys(io: CliIo, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const keys = await client.sseCKeys.list.query()
  if (options.json === true) io.out(JSON.stringify(keys))
  else sseCKeysLines(keys).forEach(io.out)
  return exitCodes.yes
}

/** Not as an argument: those of a command line are seen by every user of the machine. */
export async function addSseCKey(io: CliIo, name: string, options: AddKeyOptions): Promise<ExitCode> {
  const key = sseCKeyText.safeParse(await keyGiven(io, options))
  if (!key.success) throw wrong('What was given is no key: give 32 bytes as base64 (44 characters) or hex (64 digits).')
  const client = await connect(options.data)
  const view = await client.sseCKeys.put.mutate({ name, key: key.data })
  if (options.json === true) io.out(JSON.stringify(view))
  else io.out(`The SSE-C key ${name} was stored. A rule uses it once it names it: fidelity.sseCKeys.`)
  return exitCodes.yes
}

export async function removeSseCKey(io: CliIo, name: string, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  await client.sseCKeys.remove.mutate({ name })
  if (options.json === true) io.out(JSON.stringify({ name }))
  else io.out(`The SSE-C key ${name} was removed.`)
  return exitCodes.yes
}

async function keyGiven({ environment }: CliIo, { file, env }: AddKeyOptions): Promise<string> {
  if (env !== undefined) return environment[env] ?? ''
  if (file === undefined) throw wrong('Say where the key is: --file or --env.')
  const bytes = await readFile(file).catch(() => {
    throw wrong(`${file} cannot be read.`)
  })
  return bytes.length === 32 ? bytes.toString('base64') : bytes.toString('utf8')
}

const wrong = (message: string): FaultError => new FaultError(fault('CONFIG_INVALID', message))
