import { EventEmitter } from 'node:events'
import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron'
import { expect, test } from 'vitest'
import { startIpc } from '../../electron/desktop/ipc.ts'
import { channels, type Push } from '../../electron/desktop/ipc-channels.ts'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { eventually } from '../support/eventually.ts'
import { batch, emptyOverview, hostApi } from './host-fake-api.ts'

const pageUrl = 'file:///app/out/renderer/index.html'

/** The page’s end of Electron’s IPC. */
function page(
  api: EngineApi,
  frame: { readonly url: string; readonly parent: unknown } = { url: pageUrl, parent: null },
) {
  type Listener = Parameters<IpcMain['handle']>[1]
  const listeners = new Map<string, Listener>()
  const pushes: Push[] = []
  const sender = Object.assign(new EventEmitter(), {
    isDestroyed: () => false,
    send: (_channel: string, push: Push) => void pushes.push(push),
  })
  const ipcMain = {
    handle: (channel: string, listener: Listener) => void listeners.set(channel, listener),
    removeHandler: (channel: string) => void listeners.delete(channel),
  }
  const host = startIpc({ ipcMain, api, pageUrl })
  const event = { sender: sender as unknown as WebContents, senderFrame: frame } as IpcMainInvokeEvent
  const invoke = async (channel: string, ...args: readonly unknown[]): Promise<unknown> =>
    await listeners.get(channel)?.(event, ...args)
  return { invoke, pushes, sender, host, listeners }
}

test('the console’s page is answered, and a refusal arrives whole as a value', async () => {
  const { invoke } = page(hostApi({ overview: { get: () => emptyOverview } }), {
    url: `${pageUrl}#/rules`,
    parent: null,
  })
  expect(await invoke(channels.call, 'overview.get', 'query')).toEqual({ ok: true, value: emptyOverview })
  for (const [path, type, input, code] of [
    ['sites.list', 'query', undefined, 'NOT_SUPPORTED'],
    ['rules.get', 'query', { id: '' }, 'CONFIG_INVALID'],
    ['overview.get', 'mutation', undefined, 'INTERNAL'],
    ['no.such', 'query', undefined, 'INTERNAL'],
  ] as const) {
    const answer = await invoke(channels.call, path, type, input)
    expect(answer, path).toMatchObject({ ok: false, error: { data: { fault: { code } } } })
  }
})

test.each([
  ['another page', { url: 'https://evil.example/', parent: null }],
  ['a frame within the page', { url: pageUrl, parent: {} }],
])('%s is not answered', async (_who, frame) => {
  const { invoke } = page(hostApi({ overview: { get: () => emptyOverview } }), frame)
  await expect(invoke(channels.call, 'overview.get', 'query')).rejects.toThrow('Only the console may ask.')
})

test('pushes are numbered per watcher, and the watch ends with its page', async () => {
  let watching = 0
  const { invoke, pushes, sender } = page(
    hostApi({
      live: {
        async *watch(signal) {
          watching += 1
          yield batch(1)
          yield batch(2)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
          watching -= 1
        },
      },
    }),
  )
  await invoke(channels.watch, 1)
  await invoke(channels.watch, 2)
  await eventually(() => expect(pushes).toHaveLength(4))
  expect(pushes.filter((push) => push.watchId === 2).map((push) => push.number)).toEqual([1, 2])
  await invoke(channels.unwatch, 2)
  await eventually(() => expect(watching).toBe(1))
  sender.emit('did-navigate')
  await eventually(() => expect(watching).toBe(0))
  expect(pushes).toHaveLength(4)
})

test('a subscription that the engine refuses ends with its fault', async () => {
  const { invoke, pushes } = page(hostApi({}))
  await invoke(channels.watch, 7)
  await eventually(() => expect(pushes).toHaveLength(1))
  expect(pushes[0]).toMatchObject({
    watchId: 7,
    number: 1,
    message: { kind: 'ended', fault: { code: 'NOT_SUPPORTED' } },
  })
})

test('a closed host answers nothing more', () => {
  const { host, listeners } = page(hostApi({}))
  host.close()
  expect(listeners.size).toBe(0)
})
