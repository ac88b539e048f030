import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { usePreferences } from '../console-parts.ts'
import { destinations, type Destination } from './destinations.ts'

const sequenceMs = 1200

/** Which page a key names: after `g` a letter, or a digit together with Ctrl or ⌘. */
function destinationOf(press: { key: string; command: boolean; afterG: boolean }): Destination | null {
  if (press.command) return destinations[Number(press.key) - 1] ?? null
  return press.afterG ? (destinations.find(({ key }) => key === press.key) ?? null) : null
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** Listens for the console's keys while nothing is being typed; `onHelp` opens the sheet that lists them. */
export function useShortcuts(onHelp: () => void): void {
  const navigate = useNavigate()
  const { keys } = usePreferences()
  const pressedG = useRef(0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const command = event.metaKey || event.ctrlKey
      if (event.altKey || (!command && (!keys || isTyping(event.target)))) return
      const afterG = event.timeStamp - pressedG.current < sequenceMs
      const destination = destinationOf({ key: event.key, command, afterG })
      pressedG.current = event.key === 'g' && !command ? event.timeStamp : 0
      if (destination !== null) {
        event.preventDefault()
        void navigate({ to: destination.to })
      } else if (!command && event.key === '?') onHelp()
      else if (!command && event.key === '/') focusSearch(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [keys, navigate, onHelp])
}

function focusSearch(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLInputElement>('input[type="search"]')
  if (field === null) return
  event.preventDefault()
  field.focus()
}
