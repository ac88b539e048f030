import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { configSchema, type Config } from '../shared/model/config.ts'
import { fault, FaultError } from '../shared/model/fault.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Reads `lockstep.config.json` whole, or refuses it whole: CONFIG_INVALID with one line per issue in its message. */
export async function readConfigFile(file: string): Promise<Config> {
  return parseConfig(await readText(file), file)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw refusal([`${file}: cannot be read – check the path and its rights`], error)
  }
}

export function parseConfig(text: string, file: string): Config {
  const value = parseJson(text, file)
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) throw refusal(parsed.error.issues.flatMap((issue) => describeIssue(issue, value)))
  return parsed.data
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refusal([`${file}: is not JSON – ${jsonTrouble(error)}`], error)
  }
}

// The parser quotes the text around the fault, which may hold a secret: only its place is kept.
function jsonTrouble(error: unknown): string {
  const place = /\(line (\d+) column (\d+)\)/.exec(error instanceof Error ? error.message : '')
  return place === null ? 'mend its syntax' : `mend its syntax at line ${place[1]}, column ${place[2]}`
}

function refusal(lines: readonly string[], cause?: unknown): FaultError {
  return new FaultError(fault('CONFIG_INVALID', lines.join('\n')), { cause })
}

/** One line per issue: `path: value – what to do`. A secret's value is never shown. */
function describeIssue(issue: Issue, input: unknown, at: Path = []): readonly string[] {
  const path = [...at, ...issue.path]
  if (issue.code === 'invalid_union')
    return closestBranch(issue.errors).flatMap((inner) => describeIssue(inner, input, path))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${pathText([...path, key])}: unknown setting – remove it or mend its spelling`)
  }
  return [`${pathText(path)}: ${valueText(path, input)} – ${remedyOf(issue)}`]
}

/** Of a union's branches the one that complains least is the one that was meant. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const count = (issues: readonly Issue[]): number =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
  return branches.toSorted((a, b) => count(a) - count(b))[0] ?? []
}

function remedyOf(issue: Issue): string {
  if (issue.code === 'too_small' && issue.origin !== 'number') return `give at least ${issue.minimum}`
  const text = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '')
  return text.charAt(0).toLowerCase() + text.slice(1)
}

const pathText = (path: Path): string => path.map(String).join('.') || 'file'

function valueText(path: Path, input: unknown): string {
  const value = path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined),
    input,
  )
  if (value === undefined) return '(missing)'
  if (path.includes('credentials')) return '(hidden)'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `“${text.length > 80 ? `${text.slice(0, 77)}…` : text}”`
}
