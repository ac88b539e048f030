import { Button, NumberInput, SimpleGrid, Text } from '@mantine/core'
import type { AdviceFigures } from '../../../shared/model/advisor.ts'
import { Panel } from '../../components/page.tsx'
import {
  assumptionFields,
  measuredText,
  noAssumptions,
  readAssumptions,
  type AssumptionName,
  type AssumptionValues,
} from './assumption-values.ts'

interface AssumptionsFormProps {
  readonly values: AssumptionValues
  /** What counts where nothing is typed; null while it is not known. */
  readonly figures: AdviceFigures | null
  readonly onChange: (values: AssumptionValues) => void
}

/** What is not measured yet may be assumed, and what is measured may be replaced to see what would be. */
export function AssumptionsForm({ values, figures, onChange }: AssumptionsFormProps) {
  const { errors } = readAssumptions(values)
  const any = assumptionFields.some(({ name }) => values[name] !== '')
  return (
    <Panel
      title="Assume instead"
      actions={
        any && (
          <Button variant="default" size="xs" onClick={() => onChange(noAssumptions)}>
            Forget the assumptions
          </Button>
        )
      }
    >
      <Text c="dimmed" mb="sm">
        A number typed here goes before what was measured, and is marked as assumed wherever it counts. Empty fields
        take what was measured; a peak lasts 60 minutes unless you say otherwise.
      </Text>
      <SimpleGrid cols={{ base: 3, lg: 4 }} spacing="sm">
        {assumptionFields.map(({ name, label }) => (
          <NumberInput
            key={name}
            label={label}
            min={0}
            placeholder={figures === null ? '' : measuredText(name, figures)}
            hideControls
            value={values[name]}
            error={errors[name]}
            onChange={(value) => onChange({ ...values, [name satisfies AssumptionName]: value })}
          />
        ))}
      </SimpleGrid>
    </Panel>
  )
}
