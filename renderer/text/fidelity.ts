import type { FidelityKind } from '../../shared/model/fidelity.ts'
import type { Tone } from './link.ts'

/** How a verdict is shown: a word, and how much it asks for attention. */
export const fidelityText: Readonly<Record<FidelityKind, { readonly label: string; readonly tone: Tone }>> = {
  kept: { label: 'Kept', tone: 'good' },
  translated: { label: 'Translated', tone: 'quiet' },
  'not-kept': { label: 'Not kept', tone: 'waiting' },
  refused: { label: 'Not copied', tone: 'bad' },
  unknown: { label: 'Not known', tone: 'quiet' },
}
