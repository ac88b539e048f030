import { Checkbox, Radio, SimpleGrid, Stack } from '@mantine/core'
import { useState } from 'react'
import { gatewayRights, rightText, type GatewayRight } from '../../../shared/model/gateway-rights.ts'
import { presetOf, rightsPresets } from '../../text/gateway.ts'

interface RightsFieldsProps {
  readonly rights: readonly GatewayRight[]
  readonly error: string | undefined
  readonly onChange: (rights: readonly GatewayRight[]) => void
}

const own = 'own'

/** What a key may do: one of the usual sets, or each right by itself. */
export function RightsFields({ rights, error, onChange }: RightsFieldsProps) {
  const [choosing, setChoosing] = useState(false)
  const chosen = choosing ? own : (presetOf(rights)?.id ?? own)
  // Not those of the set passed on the way here: arrow keys pass “Everything”.
  const [ownRights, setOwnRights] = useState<readonly GatewayRight[]>(['read'])
  const choose = (value: string): void => {
    setChoosing(value === own)
    onChange(rightsPresets.find(({ id }) => id === value)?.rights ?? ownRights)
  }
  const tick = (value: readonly string[]): void => {
    const ticked = gatewayRights.filter((right) => value.includes(right))
    setOwnRights(ticked)
    onChange(ticked)
  }
  return (
    <Stack gap="xs">
      <Radio.Group label="It may" value={chosen} onChange={choose}>
        <Stack gap="xs" mt={4}>
          {rightsPresets.map(({ id, label, description }) => (
            <Radio key={id} value={id} label={label} description={description} />
          ))}
          <Radio value={own} label="Rights of my choice" description="Tick each right by itself" />
        </Stack>
      </Radio.Group>
      {chosen === own && (
        <Checkbox.Group aria-label="Rights of my choice" value={[...rights]} error={error} onChange={tick} ml={28}>
          <SimpleGrid cols={2} spacing="xs" verticalSpacing="xs" mb={error === undefined ? 0 : 4}>
            {gatewayRights.map((right) => (
              <Checkbox key={right} value={right} label={capital(rightText[right])} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
      )}
    </Stack>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
