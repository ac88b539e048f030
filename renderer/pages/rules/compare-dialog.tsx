import { Modal, Radio, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { levelText } from '../../../shared/text/compare.ts'
import { compareLevels, type CompareCost, type CompareLevel } from '../../../shared/model/compare.ts'
import { Ago } from '../../components/times.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatBytes, formatDuration } from '../../text/format.ts'
import { Buttons, PrefixField, type DialogProps } from './rule-dialogs.tsx'

/** Compares both sides, versions and all, as thoroughly as is chosen; the report appears on the rule's page. */
export function CompareDialog({ ruleId, opened, onClose }: DialogProps & { readonly ruleId: string }) {
  const { client, queries } = useConsole()
  const [level, setLevel] = useState<CompareLevel>('listing')
  const [prefix, setPrefix] = useState('')
  const costs = useQuery({ ...queries.compareCost(ruleId), enabled: opened })
  const start = useAction(
    () => client.compare.start.mutate({ ruleId, prefix, level }),
    (job) => `Started: ${job.title}`,
  )
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title="Compare both sides"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text>Nothing is changed: you get a list of the places where source and target are not equal.</Text>
        <Radio.Group
          label="How thoroughly"
          description="Equal is said of no more than the level looks at."
          value={level}
          onChange={(chosen) => setLevel(compareLevels.find((one) => one === chosen) ?? 'listing')}
        >
          <Stack gap="sm" mt={8}>
            {compareLevels.map((one) => (
              <Radio
                key={one}
                value={one}
                label={levelText[one].name}
                description={<LevelText level={one} cost={costs.data?.find((cost) => cost.level === one)} />}
              />
            ))}
          </Stack>
        </Radio.Group>
        <PrefixField value={prefix} onChange={setPrefix} />
        <Buttons
          action="Compare"
          busy={start.isPending}
          onClose={onClose}
          onStart={() => start.mutate(undefined, { onSuccess: onClose })}
        />
      </Stack>
    </Modal>
  )
}

const looksAt: Readonly<Record<CompareLevel, string>> = {
  listing: 'Keys, versions, their order, sizes, ETags and delete markers, from one listing of each side.',
  attributes: 'Headers, metadata, tags, locks, encryption and checksums of every version too.',
  bytes: 'Every byte too: each version is read whole on both sides.',
}

function LevelText({ level, cost }: { readonly level: CompareLevel; readonly cost: CompareCost | undefined }) {
  return (
    <>
      {looksAt[level]}
      <br />
      {cost === undefined ? 'Its cost is being reckoned.' : <CostText cost={cost} />}
    </>
  )
}

function CostText({ cost }: { readonly cost: CompareCost }) {
  const { requests, readBytes, durationMs, countedAt } = cost
  if (requests === null || countedAt === null) return <>Cost not known yet: no scan of the source has ended.</>
  const bytes = readBytes === null || readBytes === 0 ? '' : `, ${formatBytes(readBytes)} to read`
  const time = durationMs === null ? 'time not known' : `at least ${formatDuration(durationMs)}`
  return (
    <>
      Up to {countOf(requests, 'request')}
      {bytes}, {time}; counted <Ago at={countedAt} />.
    </>
  )
}
