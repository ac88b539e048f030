import { VisuallyHidden } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'

const quietMs = 10_000

/** Tells the state of everything to those who hear the screen: politely, and not more often than every ten seconds. */
export function Announcer({ sentence }: { readonly sentence: string }) {
  const [said, setSaid] = useState('')
  const lastSaidAt = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    if (sentence === said) return undefined
    const waitMs = Math.max(0, lastSaidAt.current + quietMs - performance.now())
    const turn = window.setTimeout(() => {
      lastSaidAt.current = performance.now()
      setSaid(sentence)
    }, waitMs)
    return () => window.clearTimeout(turn)
  }, [sentence, said])
  return <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>
}
