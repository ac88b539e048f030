import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron'
import { callTRPCProcedure } from '@trpc/server'
import { faultOf, router } from '../../shared/api/router.ts'
import type { BridgeAnswer, BridgeMessage } from '../../shared/api/bridge.ts'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { channels, type Push } from './ipc-channels.ts'

export interface IpcOptions {
  readonly ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>
  readonly api: EngineApi
  /** Only this page, in the top frame of its window, is answered. */
  readonly pageUrl: string
}

export interface IpcHost {
  close(): void
}

/** Offers the API router over Electron's IPC. */
export function startIpc({ ipcMain, api, pageUrl }: IpcOptions): IpcHost {
  const watchers = new Watchers(api)
  const answer = (
    channel: string,
    listener: (event: IpcMainInvokeEvent, ...args: readonly unknown[]) => unknown,
  ): void =>
    ipcMain.handle(channel, (event, ...args: readonly unknown[]) => {
      if (!isConsole(event, pageUrl)) throw new Error('Only the console may ask.')
      return listener(event, ...args)
    })
  answer(channels.call, (_event, path, type, input) => answerCall(api, path, type, input))
  answer(channels.watch, (event, watchId) => watchers.open(event.sender, Number(watchId)))
  answer(channels.unwatch, (event, watchId) => watchers.close(event.sender, Number(watchId)))
  return {
    close: () => {
      for (const channel of [channels.call, channels.watch, channels.unwatch]) ipcMain.removeHandler(channel)
      watchers.closeAll()
    },
  }
}

function isConsole({ senderFrame }: IpcMainInvokeEvent, pageUrl: string): boolean {
  return senderFrame !== null && senderFrame.parent === null && senderFrame.url.split('#')[0] === pageUrl
}

/** Never rejects: a refusal travels as a value, because Electron keeps only the message of an error. */
async function answerCall(api: EngineApi, path: unknown, type: unknown, input: unknown): Promise<BridgeAnswer> {
  try {
    const value: unknown = await callTRPCProcedure({
      router,
      path: String(path),
      type: type === 'mutation' ? 'mutation' : 'query',
      ctx: { api },
      getRawInput: () => Promise.resolve(input),
      signal: undefined,
      batchIndex: 0,
    })
    return { ok: true, value }
  } catch (error) {
    const fault = faultOf(error)
    return { ok: false, error: { message: fault.message, data: { fault } } }
  }
}

/** The subscriptions of every window: each ends with its listener, its page or its window. */
class Watchers {
  readonly #api: EngineApi
  readonly #open = new Map<WebContents, Map<number, AbortController>>()

  constructor(api: EngineApi) {
    this.#api = api
  }

  open(sender: WebContents, watchId: number): void {
    const ends = new AbortController()
    this.#of(sender).set(watchId, ends)
    void this.#push(sender, watchId, ends)
  }

  close(sender: WebContents, watchId: number): void {
    this.#open.get(sender)?.get(watchId)?.abort()
    this.#open.get(sender)?.delete(watchId)
  }

  closeAll(): void {
    for (const sender of this.#open.keys()) this.#closeOf(sender)
  }

  #of(sender: WebContents): Map<number, AbortController> {
    const known = this.#open.get(sender)
    if (known !== undefined) return known
    const watches = new Map<number, AbortController>()
    this.#open.set(sender, watches)
    // A reloaded page has forgotten what it watched.
    sender.on('did-navigate', () => this.#closeOf(sender))
    sender.once('destroyed', () => {
      this.#closeOf(sender)
      this.#open.delete(sender)
    })
    return watches
  }

  #closeOf(sender: WebContents): void {
    for (const ends of this.#open.get(sender)?.values() ?? []) ends.abort()
    this.#open.get(sender)?.clear()
  }

  async #push(sender: WebContents, watchId: number, ends: AbortController): Promise<void> {
    let number = 0
    const send = (message: BridgeMessage): void => {
      if (ends.signal.aborted || sender.isDestroyed()) return
      sender.send(channels.push, { watchId, number: ++number, message } satisfies Push)
    }
    try {
      for await (const batch of this.#api.live.watch(ends.signal)) send({ kind: 'batch', batch })
      send({ kind: 'ended', fault: null })
    } catch (error) {
      send({ kind: 'ended', fault: faultOf(error) })
    }
    this.#open.get(sender)?.delete(watchId)
  }
}
