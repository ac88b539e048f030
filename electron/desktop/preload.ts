import { contextBridge, ipcRenderer } from 'electron'
import { bridgeName, type Bridge, type BridgeMessage } from '../../shared/api/bridge.ts'
import { channels, type Push } from './ipc-channels.ts'

interface Watch {
  readonly listener: (message: BridgeMessage) => void
  next: number
}

const watches = new Map<number, Watch>()
let lastWatchId = 0

// The event object never crosses to the page: its sender would give the page all of IPC.
ipcRenderer.on(channels.push, (_event, push: Push) => {
  const watch = watches.get(push.watchId)
  if (watch === undefined) return
  const isNext = push.number === watch.next
  watch.next += 1
  if (!isNext || push.message.kind === 'ended') end(push.watchId)
  watch.listener(isNext ? push.message : { kind: 'ended', fault: null })
})

function end(watchId: number): void {
  if (watches.delete(watchId)) void ipcRenderer.invoke(channels.unwatch, watchId)
}

const bridge: Bridge = {
  call: (path, type, input) => ipcRenderer.invoke(channels.call, path, type, input),
  watch: (listener) => {
    const watchId = ++lastWatchId
    watches.set(watchId, { listener, next: 1 })
    void ipcRenderer.invoke(channels.watch, watchId)
    return () => end(watchId)
  },
  platform: process.platform,
}

contextBridge.exposeInMainWorld(bridgeName, bridge)
