import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron'
import type { EngineApi } from '../shared/api/engine-api.ts'
import type { Overview } from '../shared/model/overview.ts'
import type { LinkState } from '../shared/model/rule.ts'

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
    const state = trayState(options.api.overview.get())
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

const calm: ReadonlySet<LinkState['kind']> = new Set(['in-step', 'paused', 'disabled'])

const isStopped = (state: LinkState): boolean =>
  state.kind === 'stopped' || (state.kind === 'paused' && state.by === 'brake')

/** The whole state in a few words, the worst first. */
export function trayState({ totals, links }: Overview): string {
  if (totals.failing + totals.parked > 0) return `${totals.failing + totals.parked} changes need attention`
  if (links.length === 0) return 'nothing to replicate yet'
  if (links.some(({ state }) => isStopped(state))) return 'a rule is stopped and needs a decision'
  if (links.some((link) => link.notConverging > 0)) return 'some keys do not converge'
  if (links.every((link) => link.state.kind === 'paused')) return 'paused'
  if (totals.backlogCount > 0) return `${totals.backlogCount} changes pending`
  return links.every((link) => calm.has(link.state.kind)) ? 'in step' : 'waiting'
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
