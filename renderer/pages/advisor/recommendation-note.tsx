import { Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Advice } from '../../../shared/model/advisor.ts'
import { ToneBadge } from '../../components/tone.tsx'
import { headlineOf, reasonSentence } from './reason-text.ts'
import './advisor.css'

interface RecommendationNoteProps {
  readonly advice: Advice
  readonly order?: 2 | 4
  readonly children?: ReactNode
}

/** What to do, and why: each reason with the number behind it. */
export function RecommendationNote({ advice, order = 2, children }: RecommendationNoteProps) {
  const { recommendation } = advice
  const known = recommendation.policy !== null
  return (
    <section className="note" data-tone={known ? undefined : 'waiting'} aria-label="Recommendation">
      <ToneBadge tone={known ? 'good' : 'waiting'}>{known ? 'Recommended' : 'Not known yet'}</ToneBadge>
      <Title order={order} mt={6} {...(order === 4 ? { fz: '0.9375rem' } : {})}>
        {headlineOf(recommendation)}
      </Title>
      <ul className="advice-reasons">
        {recommendation.reasons.map((reason) => {
          const sentence = reasonSentence(reason, advice)
          return <li key={sentence}>{sentence}</li>
        })}
      </ul>
      {children}
    </section>
  )
}
