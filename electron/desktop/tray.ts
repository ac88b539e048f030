import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { overallOf } from '../../shared/text/overall.ts'

export interface TrayOptions {
  readonly api: EngineApi
  readonly icon: string
  readonly showWindow: () => void
  readonly quit: () => void
}

export interface TrayHandle {
  destroy(): void
}

const refreshMs = 5000

/** The tray icon: state as its tooltip, and every action in its menu, because some panels keep the click to themselves. */
export function startTray(options: TrayOptions): TrayHandle {
  const tray = new Tray(nativeImage.createFromPath(options.icon).resize({ width: 22, height: 22 }))
  const refresh = (): void => {
    const state = trayState(options.api)
    tray.setToolTip(`Lockstep: ${state}`)
    tray.setContextMenu(Menu.buildFromTemplate(trayItems(options, state, refresh)))
  }
  tray.on('click', options.showWindow)
  refresh()
  const timer = setInterval(refresh, refreshMs)
  return {
    destroy: () => {
      clearInterval(timer)
      tray.destroy()
    },
  }
}

/** The whole state in the words of the console. */
function trayState(api: EngineApi): string {
  const degraded = api.rules.list().filter((rule) => rule.degraded !== null).length
  const deaf = api.gateway.view().state.kind === 'fault'
  return overallOf(api.overview.get(), { degraded, deaf }).sentence
}

function trayItems(
  { api, showWindow, quit }: TrayOptions,
  state: string,
  refresh: () => void,
): MenuItemConstructorOptions[] {
  return [
    { label: state, enabled: false },
    { type: 'separator' },
    { label: 'Open Lockstep', click: showWindow },
    { label: 'Pause all rules', click: () => void switchAll(api, 'pause').then(refresh, refresh) },
    { label: 'Resume all rules', click: () => void switchAll(api, 'resume').then(refresh, refresh) },
    { type: 'separator' },
    { label: 'Quit Lockstep', click: quit },
  ]
}

/** A pause that a brake set is left alone: it wants a look first. */
async function switchAll(api: EngineApi, to: 'pause' | 'resume'): Promise<void> {
  const concerned = api.rules
    .list()
    .filter(({ paused }) => (to === 'pause' ? paused === null : paused?.by === 'operator'))
  await Promise.all(concerned.map(({ id }) => api.rules[to]({ id })))
}
