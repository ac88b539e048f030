import { Button, Group, Select } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Activity } from '../../../shared/model/activity.ts'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page } from '../../components/page.tsx'
import { Ago } from '../../components/times.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { QueryFault } from '../../components/query-fault.tsx'
import { useConsole } from '../../console-parts.ts'
import type { Tone } from '../../text/link.ts'
import { titleOf } from '../../text/told.ts'

const route = getRouteApi('/activity')
const pageLength = 100

const levels: Record<Activity['level'], { readonly label: string; readonly tone: Tone }> = {
  info: { label: 'Note', tone: 'quiet' },
  warning: { label: 'Warning', tone: 'waiting' },
  error: { label: 'Fault', tone: 'bad' },
}

export function ActivityPage() {
  const { queries } = useConsole()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const rules = useQuery(queries.rules)
  const filter = { ruleId: search.rule ?? null, level: search.level ?? null }
  const newest = useQuery(queries.activity(filter, null, pageLength))
  const choose = (changed: Partial<typeof search>) =>
    void navigate({ search: { ...search, ...changed }, replace: true })
  const filtered = filter.ruleId !== null || filter.level !== null
  return (
    <Page
      title="Activity"
      lead="What happened, newest first"
      actions={
        <Group gap="xs">
          <Select
            aria-label="Level"
            w={150}
            data={[{ value: '', label: 'All levels' }, ...levelChoices]}
            value={search.level ?? ''}
            onChange={(value) => choose({ level: (value || undefined) as Activity['level'] | undefined })}
          />
          <Select
            aria-label="Rule"
            w={200}
            data={[
              { value: '', label: 'All rules' },
              ...(rules.data ?? []).map(({ id }) => ({ value: id, label: id })),
            ]}
            value={search.rule ?? ''}
            onChange={(value) => choose({ rule: value || undefined })}
          />
        </Group>
      }
    >
      <Loaded query={newest} what="the activity">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={filtered ? 'Nothing matches' : 'Nothing has happened yet'}>
              {filtered
                ? 'Choose another level or rule.'
                : 'Rules made, sites lost and found, jobs and faults are told here.'}
            </Empty>
          ) : (
            <Rows key={JSON.stringify(filter)} filter={filter} newest={rows} />
          )
        }
      </Loaded>
    </Page>
  )
}

const levelChoices = Object.entries(levels).map(([value, { label }]) => ({ value, label }))

interface RowsProps {
  readonly filter: { readonly ruleId: string | null; readonly level: Activity['level'] | null }
  readonly newest: readonly Activity[]
}

/** The newest page stays live; older pages hang below it from the points where they were loaded. */
function Rows({ filter, newest }: RowsProps) {
  const { queries } = useConsole()
  const [marks, setMarks] = useState<readonly number[]>([])
  const older = useQueries({ queries: marks.map((before) => queries.activity(filter, before, pageLength)) })
  const rows = [...newest, ...older.flatMap(({ data }) => data ?? [])]
  const distinct = [...new Map(rows.map((row) => [row.id, row])).values()].sort((a, b) => b.id - a.id)
  const last = distinct.at(-1)
  const failed = older.find(({ isError }) => isError)
  const lastPage = older.at(-1)?.data ?? newest
  const ended = lastPage.length < pageLength
  return (
    <>
      <div className="panel">
        <ol className="feed-list">
          {distinct.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </ol>
      </div>
      {failed && <QueryFault error={failed.error} retry={() => void failed.refetch()} />}
      {!ended && last && (
        <Button
          variant="default"
          style={{ alignSelf: 'center' }}
          loading={older.some(({ isPending }) => isPending)}
          onClick={() => setMarks([...marks, last.id])}
        >
          Load older
        </Button>
      )}
    </>
  )
}

function Row({ row }: { readonly row: Activity }) {
  const { label, tone } = levels[row.level]
  return (
    <li>
      <span style={{ width: 96, flex: 'none' }}>
        <ToneBadge tone={tone}>{label}</ToneBadge>
      </span>
      <span style={{ flex: 1, minWidth: 0 }} className="wrap">
        {row.text}
        {row.fault && (
          <span className="dim" style={{ display: 'block' }}>
            {titleOf(row.fault.code)} {row.fault.remedy}
          </span>
        )}
      </span>
      {row.ruleId && (
        <Link className="row-link" to="/rules/$ruleId" params={{ ruleId: row.ruleId }}>
          {row.ruleId}
        </Link>
      )}
      <span className="dim" style={{ width: 120, textAlign: 'right', flex: 'none' }}>
        <Ago at={row.at} />
      </span>
    </li>
  )
}
