import { readFile } from 'node:fs/promises'
import { configSchema, type Config } from '../../../shared/model/config.ts'
import { configRefused, parseConfig } from './parse-config.ts'

/** Reads `lockstep.config.json` whole, or refuses it whole: CONFIG_INVALID with one line per issue in its message. */
export async function readConfigFile(file: string): Promise<Config> {
  return parseConfig(configSchema, await readText(file), file)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw configRefused([`${file}: cannot be read – check the path and its rights`], error)
  }
}
