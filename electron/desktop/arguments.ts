import { parseArgs } from 'node:util'

/** What the desktop program takes from its command line. */
export interface DesktopArguments {
  /** null: the user's own data folder. */
  readonly dataDir: string | null
  readonly configFile: string | null
  /** Where the demo's sample sites are switched; see demo-control.ts. */
  readonly demoUrl: string | null
  /** Start in the tray. */
  readonly hidden: boolean
}

/** Unknown switches are Chromium's or Electron's own, and passed over. */
export function desktopArguments(argv: readonly string[]): DesktopArguments {
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    options: {
      data: { type: 'string' },
      config: { type: 'string' },
      demo: { type: 'string' },
      hidden: { type: 'boolean' },
    },
  })
  const text = (value: string | boolean | undefined): string | null => (typeof value === 'string' ? value : null)
  return {
    dataDir: text(values.data),
    configFile: text(values.config),
    demoUrl: text(values.demo),
    hidden: values.hidden === true,
  }
}
