import { Text } from '@mantine/core'
import type { RuleCaution } from '../../shared/model/rule.ts'

/** What is worth knowing of a rule that may run all the same, each with what to do about it. */
export function CautionNotes({ cautions }: { readonly cautions: readonly RuleCaution[] }) {
  return cautions.map(({ message, remedy }) => (
    <div key={message} className="note" data-tone="waiting" role="group" aria-label="Worth knowing of this rule">
      <Text fw={600}>Worth knowing</Text>
      <Text className="wrap">{message}</Text>
      <Text c="dimmed">{remedy}</Text>
    </div>
  ))
}
