import { createTRPCClient, httpLink, TRPCClientError, type TRPCClient } from '@trpc/client'
import type { Router } from '../../shared/api/router.ts'
import type { Fault } from '../../shared/model/fault.ts'
import { readControl, type Control } from '../serve/control-file.ts'
import { isErrno } from '../engine/base/errno.ts'

export type EngineClient = TRPCClient<Router>

/** Nothing answers on that data directory. */
export class NoEngineError extends Error {
  constructor(dataDir: string) {
    super(`No Lockstep engine runs on ${dataDir}. Start one with: lockstep serve --data ${dataDir}`)
    this.name = 'NoEngineError'
  }
}

async function findEngine(dataDir: string): Promise<Control> {
  const control = await readControl(dataDir)
  if (control === null || !isAlive(control.pid)) throw new NoEngineError(dataDir)
  return control
}

export async function connect(dataDir: string): Promise<EngineClient> {
  const { url, token } = await findEngine(dataDir)
  return createTRPCClient<Router>({
    links: [httpLink({ url: `${url}/api`, headers: { authorization: `Bearer ${token}` } })],
  })
}

/** A fresh link that opens the console once. */
export async function newConsoleLink(dataDir: string): Promise<string> {
  const { url, token } = await findEngine(dataDir)
  const response = await fetch(`${url}/console-link`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new NoEngineError(dataDir)
  return await response.text()
}

/** The fault in an answer, or null when no answer came at all. */
export function faultOfAnswer(error: unknown): Fault | null {
  return isRouterError(error) ? (error.data?.fault ?? null) : null
}

function isRouterError(error: unknown): error is TRPCClientError<Router> {
  return error instanceof TRPCClientError
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return isErrno(error, 'EPERM')
  }
}
