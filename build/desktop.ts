import { spawn } from 'node:child_process'

type Environment = Readonly<Record<string, string | undefined>>

/** Is there a desktop to open a window on? */
export function hasDesktop(platform: NodeJS.Platform, environment: Environment): boolean {
  if (platform !== 'linux') return true
  return [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some((display) => (display ?? '') !== '')
}

/** How the system's browser is opened. */
export function browserCommand(platform: NodeJS.Platform, url: string): readonly [string, ...(readonly string[])] {
  if (platform === 'darwin') return ['open', url]
  return platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url]
}

/** Never fails: where there is no browser, the printed address is what is left. */
export function openBrowser(platform: NodeJS.Platform, url: string): void {
  const [command, ...args] = browserCommand(platform, url)
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}
