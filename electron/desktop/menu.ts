import type { MenuItemConstructorOptions } from 'electron'

export interface MenuActions {
  readonly showDataFolder: () => void
  readonly showLog: () => void
  readonly quit: () => void
}

/** The menu bar. macOS expects the program's own menu first; elsewhere Quit lives under File. */
export function menuTemplate(platform: NodeJS.Platform, actions: MenuActions): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin'
  const quit: MenuItemConstructorOptions = { label: 'Quit Lockstep', accelerator: 'CmdOrCtrl+Q', click: actions.quit }
  return [
    ...(mac ? [appMenu(quit)] : []),
    { label: 'File', submenu: [{ role: 'close' }, ...(mac ? [] : [{ type: 'separator' as const }, quit])] },
    { role: 'editMenu' },
    { label: 'View', submenu: viewItems },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: 'Show log', click: actions.showLog },
        { label: 'Show data folder', click: actions.showDataFolder },
      ],
    },
  ]
}

const viewItems: MenuItemConstructorOptions[] = [
  { role: 'reload' },
  { type: 'separator' },
  { role: 'resetZoom' },
  { role: 'zoomIn' },
  { role: 'zoomOut' },
  { type: 'separator' },
  { role: 'togglefullscreen' },
]

function appMenu(quit: MenuItemConstructorOptions): MenuItemConstructorOptions {
  return {
    label: 'Lockstep',
    submenu: [
      { role: 'about' },
      { type: 'separator' },
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      { type: 'separator' },
      quit,
    ],
  }
}
