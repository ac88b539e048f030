import { useEffect, useRef, type RefObject } from 'react'
import type { CheckRun } from '../../../shared/model/check.ts'

/** Whoever scrolled this short a time ago is reading: the view is left to them. */
const readingMs = 1500
const scrollKeys = new Set(['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', ' '])

/**
 * A ref for the first failed check. When the checks end badly it comes into view and takes the focus, so that neither
 * the eye nor the keyboard has to look for it; the view stays where it is while the operator scrolls.
 */
export function useFirstFailed(run: CheckRun): RefObject<HTMLLIElement | null> {
  const line = useRef<HTMLLIElement>(null)
  const scrolledAt = useLastScroll()
  const { state } = run
  const before = useRef(state)
  useEffect(() => {
    const ended = before.current === 'running' && state === 'failed'
    before.current = state
    if (!ended || line.current === null || isElsewhere(document.activeElement)) return
    line.current.focus({ preventScroll: true })
    const reading = performance.now() - scrolledAt.current < readingMs
    if (!reading) line.current.scrollIntoView({ block: 'center' })
  }, [state, scrolledAt])
  return line
}

/** A menu or dialog outside the step keeps its focus. */
function isElsewhere(focused: Element | null): boolean {
  return focused !== null && focused !== document.body && focused.closest('#main') === null
}

/** When the operator last scrolled: by wheel, by touch or by a key that does it. */
function useLastScroll(): RefObject<number> {
  const at = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    const ended = new AbortController()
    const note = () => {
      at.current = performance.now()
    }
    const options = { passive: true, signal: ended.signal }
    window.addEventListener('wheel', note, options)
    window.addEventListener('touchmove', note, options)
    window.addEventListener('keydown', ({ key }) => scrollKeys.has(key) && note(), options)
    return () => ended.abort()
  }, [])
  return at
}
