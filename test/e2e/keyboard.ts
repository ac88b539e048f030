import type { Page } from 'playwright-core'

/** What a person without a mouse has: Tab, Enter and letters. It watches that every stop can be seen. */
export interface Keyboard {
  /** Presses Tab until the element with this name has the focus. */
  tabTo(name: string): Promise<void>
  /** Goes to a button or link and presses Enter. */
  press(name: string): Promise<void>
  /** Goes to a field and types. */
  fill(name: string, text: string): Promise<void>
  type(text: string): Promise<void>
  key(name: string): Promise<void>
  /** True when the focus fell back to the page itself. */
  isLost(): Promise<boolean>
  /** Stops of Tab that looked no different from an element without focus. */
  readonly unseen: readonly string[]
}

const mostStops = 80

export async function openKeyboard(page: Page): Promise<Keyboard> {
  // Colours that still fade in would be compared half-way.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const unseen: string[] = []
  const tabTo = async (name: string): Promise<void> => {
    const passed: string[] = []
    while (passed.length < mostStops) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate(readStop)
      if (stop.unseen !== null) unseen.push(stop.unseen)
      if (stop.name.startsWith(name)) return
      passed.push(stop.name)
    }
    throw new Error(`Tab never reached “${name}”, but: ${passed.slice(0, 30).join(', ')}`)
  }
  return {
    tabTo,
    press: async (name) => {
      await tabTo(name)
      await page.keyboard.press('Enter')
    },
    fill: async (name, text) => {
      await tabTo(name)
      await page.keyboard.type(text)
    },
    type: (text) => page.keyboard.type(text),
    key: (name) => page.keyboard.press(name),
    isLost: () => page.evaluate(() => document.activeElement === document.body),
    unseen,
  }
}

interface Stop {
  readonly name: string
  /** The stop before this one, when losing the focus changed nothing of its looks. */
  readonly unseen: string | null
}

/** Runs in the page: the name of what has the focus, and whether the stop before it looked focused. */
async function readStop(): Promise<Stop> {
  // The looks of a stop are there two frames after the key.
  await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))
  const kept = window as { lastStop?: { element: Element; name: string; looks: string } }
  const looks = (element: Element): string =>
    // A ring may be drawn on the control or on what encloses it.
    [element, element.parentElement, element.parentElement?.parentElement]
      .filter((one) => one instanceof HTMLElement)
      .map((one) => getComputedStyle(one))
      .map(({ outlineStyle, outlineWidth, borderColor, boxShadow, top }) =>
        [outlineStyle, outlineWidth, borderColor, boxShadow, top].join(),
      )
      .join(';')
  const last = kept.lastStop
  const stood = last !== undefined && last.element !== document.body
  const unseen = stood && last.element.isConnected && looks(last.element) === last.looks
  const element = document.activeElement ?? document.body
  const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined
  const name = (label ?? element.getAttribute('aria-label') ?? element.textContent ?? '').trim()
  kept.lastStop = { element, name, looks: looks(element) }
  return { name: element === document.body ? '(the page)' : name, unseen: unseen ? last.name : null }
}
