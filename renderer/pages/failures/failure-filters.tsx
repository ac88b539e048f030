import { Button, Group, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { FailurePage } from '../../../shared/api/engine-api.ts'
import { operations } from '../../../shared/model/task.ts'
import { useConsole } from '../../console-parts.ts'
import type { FailureSearch } from '../../search.ts'
import { formatCount } from '../../text/format.ts'
import { operationText } from '../../text/link.ts'
import { titleOf } from '../../text/told.ts'

interface FailureFiltersProps {
  readonly search: FailureSearch
  readonly byCode: FailurePage['byCode']
  readonly onChange: (changed: FailureSearch) => void
}

const stateChoices = [
  { value: '', label: 'All states' },
  { value: 'delayed', label: 'Trying again' },
  { value: 'parked', label: 'Parked' },
]
const operationChoices = [
  { value: '', label: 'All operations' },
  ...operations.map((value) => ({ value, label: operationText[value] })),
]

/** The filters of the failure list; they live in the address, so that a view can be kept and passed on. */
export function FailureFilters({ search, byCode, onChange }: FailureFiltersProps) {
  const { queries } = useConsole()
  const rules = useQuery(queries.rules)
  const ruleChoices = [
    { value: '', label: 'All rules' },
    ...(rules.data ?? []).map(({ id }) => ({ value: id, label: id })),
  ]
  const filtered = [search.rule, search.link, search.state, search.code, search.operation, search.search].some(Boolean)
  return (
    <Group gap="xs" role="search" aria-label="Filter the failures">
      <SearchField value={search.search ?? ''} onChange={(value) => onChange({ search: value || undefined })} />
      <Select
        aria-label="Rule"
        w={160}
        data={ruleChoices}
        value={search.rule ?? ''}
        onChange={(value) => onChange({ rule: value || undefined, link: undefined })}
      />
      <Select
        aria-label="State"
        w={130}
        data={stateChoices}
        value={search.state ?? ''}
        onChange={(value) => onChange({ state: (value || undefined) as FailureSearch['state'] })}
      />
      <Select
        aria-label="Cause"
        w={210}
        comboboxProps={{ width: 420, position: 'bottom-start' }}
        data={codeChoices(byCode, search.code)}
        value={search.code ?? ''}
        onChange={(value) => onChange({ code: value || undefined })}
      />
      <Select
        aria-label="Operation"
        w={150}
        data={operationChoices}
        value={search.operation ?? ''}
        onChange={(value) => onChange({ operation: (value || undefined) as FailureSearch['operation'] })}
      />
      {search.link !== undefined && (
        <Button
          variant="light"
          rightSection={<IconX size={13} aria-hidden />}
          onClick={() => onChange({ link: undefined })}
        >
          Link {search.link}
        </Button>
      )}
      {filtered && (
        <Button
          variant="subtle"
          onClick={() =>
            onChange({
              rule: undefined,
              link: undefined,
              state: undefined,
              code: undefined,
              operation: undefined,
              search: undefined,
            })
          }
        >
          Clear filters
        </Button>
      )}
    </Group>
  )
}

function codeChoices(byCode: FailurePage['byCode'], chosen: string | undefined) {
  const known = byCode.map(({ code, count }) => ({ value: code, label: `${titleOf(code)} (${formatCount(count)})` }))
  const missing = chosen !== undefined && byCode.every(({ code }) => code !== chosen)
  return [
    { value: '', label: 'All causes' },
    ...known,
    ...(missing ? [{ value: chosen, label: `${titleOf(chosen)} (0)` }] : []),
  ]
}

function SearchField({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value)
  const settle = useDebouncedCallback(onChange, 250)
  // The address may change by itself, by the way back or by “Clear filters”: the field follows it.
  const [followed, setFollowed] = useState(value)
  if (followed !== value) {
    setFollowed(value)
    setTyped(value)
  }
  return (
    <TextInput
      type="search"
      aria-label="Part of the key"
      placeholder="Part of the key"
      w={190}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        settle(event.currentTarget.value)
      }}
    />
  )
}
