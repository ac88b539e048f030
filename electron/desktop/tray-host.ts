export type RunQuietly = (command: string, args: readonly string[]) => Promise<string | null>

const nameHasOwner = [
  'call',
  '--session',
  '--dest=org.freedesktop.DBus',
  '--object-path=/org/freedesktop/DBus',
  '--method=org.freedesktop.DBus.NameHasOwner',
  'org.kde.StatusNotifierWatcher',
]

/**
 * Is there a tray to show the icon in? On Linux many desktops have none, and Electron does not tell: then closing the
 * window must quit, or the program would run on where nobody can reach it. Not knowing counts as none.
 */
export async function hasTrayHost(platform: NodeJS.Platform, run: RunQuietly): Promise<boolean> {
  if (platform !== 'linux') return true
  return (await run('gdbus', nameHasOwner))?.trim() === '(true,)'
}
