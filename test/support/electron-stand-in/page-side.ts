// The half of the stand-in that runs in the page, as text: it gives a preload the two modules that a sandboxed preload gets.

export const invokeBinding = '__standInInvoke'

/** The script that runs before any script of the page, in its top frame only. */
export function pageScript(preload: string, pushName: string): string {
  return `(() => {
  if (window !== window.top) return
  const invoke = window.${invokeBinding}
  delete window.${invokeBinding}
  const listeners = new Map()
  const sendable = (value) => {
    if (value instanceof Map || value instanceof Set) throw new Error('electron stand-in: Map and Set over IPC are not modelled')
    if (value && typeof value === 'object') Object.values(value).forEach(sendable)
    return value
  }
  const ipcRenderer = {
    async invoke(channel, ...args) {
      const answer = await invoke(channel, sendable(structuredClone(args)))
      if (answer.error !== undefined) throw new Error("Error invoking remote method '" + channel + "': " + answer.error)
      return answer.value
    },
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return ipcRenderer
    },
  }
  Object.defineProperty(window, '${pushName}', {
    value: (channel, args) => (listeners.get(channel) ?? []).forEach((listener) => listener({}, ...structuredClone(args))),
  })
  const copied = (value) => {
    if (typeof value === 'function') return (...args) => value(...args)
    if (Array.isArray(value)) return Object.freeze(value.map(copied))
    if (value && typeof value === 'object')
      return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)])))
    return value
  }
  const contextBridge = {
    exposeInMainWorld(key, api) {
      if (key in window) throw new Error('Cannot bind an API on top of an existing property on the window object')
      Object.defineProperty(window, key, { value: copied(api), enumerable: true })
    },
  }
  const require = (id) => {
    if (id === 'electron' || id === 'electron/renderer') return { contextBridge, ipcRenderer }
    throw new Error('module not found: ' + id)
  }
  const process = { platform: ${JSON.stringify(process.platform)}, sandboxed: true, contextIsolated: true, type: 'renderer' }
  const module = { exports: {} }
  ;(function (require, module, exports, process) {
${preload}
  })(require, module, module.exports, process)
})()`
}
