/*
 * Configuration file: parsed and refused whole. Hosts read it with `config-file.ts` before the engine starts; `api/config.ts`
 * takes the same text from the console.
 */

import type { z } from 'zod'
import { fault, FaultError } from '../../../shared/model/fault.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Parses a configuration whole, or refuses it whole: CONFIG_INVALID with one line per issue in its message. */
export function parseConfig<T>(schema: z.ZodType<T>, text: string, file: string): T {
  const value = parseJson(text, file)
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw configRefused(parsed.error.issues.flatMap((issue) => describeIssue(issue, value)))
  return parsed.data
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw configRefused([`${file}: is not JSON – ${jsonTrouble(error)}`], error)
  }
}

// The parser quotes the text around the fault, which may hold a secret: only its place is kept.
function jsonTrouble(error: unknown): string {
  const place = /\(line (\d+) column (\d+)\)/.exec(error instanceof Error ? error.message : '')
  return place === null ? 'mend its syntax' : `mend its syntax at line ${place[1]}, column ${place[2]}`
}

export function configRefused(lines: readonly string[], cause?: unknown): FaultError {
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
  if (
    path.includes('credentials') ||
    path[0] === 'sseCKeys' ||
    (path[0] === 'gateway' && (path.length === 1 || path[1] === 'keys'))
  )
    return '(hidden)'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `“${text.length > 80 ? `${text.slice(0, 77)}…` : text}”`
}
