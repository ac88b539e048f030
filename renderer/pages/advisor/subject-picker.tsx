import { Group, MultiSelect, Select } from '@mantine/core'
import type { RuleView } from '../../../shared/model/rule.ts'
import type { SiteView } from '../../../shared/model/site.ts'
import type { AdvisorSearch } from '../../search.ts'
import { placeOf } from '../../text/link.ts'

interface SubjectPickerProps {
  readonly rules: readonly RuleView[]
  readonly sites: readonly SiteView[]
  readonly search: AdvisorSearch
  /** The rule that is shown; null for a pair of sites. */
  readonly ruleId: string | null
  readonly onPick: (search: AdvisorSearch) => void
}

const pair = ':pair'

/** A rule, or any two and more sites: before a rule is made, and to see what another target would be like. */
export function SubjectPicker({ rules, sites, search, ruleId, onPick }: SubjectPickerProps) {
  const choices = sites.map(({ id, name }) => ({ value: id, label: name }))
  const chosen = search.source === undefined ? ruleId : pair
  return (
    <Group gap="sm" align="flex-end">
      <Select
        style={{ flex: '0 1 560px' }}
        label="Compare for"
        searchable
        allowDeselect={false}
        data={[
          ...rules.map(({ id, source, targets }) => ({
            value: id,
            label: `${id}: ${placeOf(source)} to ${targets.map(placeOf).join(', ')}`,
          })),
          { value: pair, label: 'Sites of my choice' },
        ]}
        value={chosen}
        onChange={(value) =>
          onPick(value === pair ? { source: sites[0]?.id ?? '', targets: [] } : { rule: value ?? undefined })
        }
      />
      {search.source !== undefined && (
        <>
          <Select
            w={200}
            label="Source"
            allowDeselect={false}
            data={choices}
            value={search.source}
            onChange={(source) => onPick({ ...search, source: source ?? undefined })}
          />
          <MultiSelect
            miw={260}
            label="Targets"
            placeholder={(search.targets ?? []).length === 0 ? 'Choose one or more' : ''}
            maxValues={8}
            data={choices.filter(({ value }) => value !== search.source)}
            value={[...(search.targets ?? [])]}
            onChange={(targets) => onPick({ ...search, targets })}
          />
        </>
      )}
    </Group>
  )
}
