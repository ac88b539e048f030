import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { RuleView } from '../../../shared/model/rule.ts'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { HeldNotes } from '../../components/held-notes.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page } from '../../components/page.tsx'
import { Age } from '../../components/times.tsx'
import { StateBadge, ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { kindOf } from '../../../shared/model/sync-state.ts'
import { countOf, formatBytes, formatClock } from '../../text/format.ts'
import { notInStepOf, placeOf, whyOf } from '../../text/link.ts'
import { oldestOf, sumOf, withLiveLinks, worstLinkOf } from './rule-links.ts'

export function RulesPage() {
  const { queries } = useConsole()
  const rules = useQuery(queries.rules)
  const { data: overview } = useQuery(queries.overview)
  const pair = (
    <Button component={Link} to="/pair" leftSection={<IconPlus size={14} aria-hidden />}>
      Pair two sites
    </Button>
  )
  return (
    <Page
      title="Rules"
      lead={
        rules.data && `${countOf(rules.data.length, 'rule')}${overview ? ` · as of ${formatClock(overview.asOf)}` : ''}`
      }
      actions={rules.data?.length ? pair : null}
    >
      <HeldNotes held={overview?.held ?? []} />
      <Loaded query={rules} what="the rules">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No rules yet" action={pair}>
              A rule says which bucket is kept in step with which other, and how. Pairing two sites makes the first one.
            </Empty>
          ) : (
            <div className="panel">
              <DataTable
                label="Rules"
                columns={columns}
                rows={rows.map((rule) => withLiveLinks(rule, overview?.links ?? []))}
                rowId={(rule) => rule.id}
                sort={{ id: 'rule', desc: false }}
                minWidth={760}
              />
            </div>
          )
        }
      </Loaded>
    </Page>
  )
}

const columns: readonly Column<RuleView>[] = [
  {
    id: 'rule',
    header: 'Rule',
    sortBy: (rule) => rule.id,
    cell: (rule) => (
      <>
        <Link className="row-link" to="/rules/$ruleId" params={{ ruleId: rule.id }}>
          {rule.id}
        </Link>
        <div className="dim">
          {placeOf(rule.source)} → {rule.targets.map(placeOf).join(', ')}
          {rule.filter.prefix && `, keys under ${rule.filter.prefix}`}
        </div>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '280px',
    sortBy: (rule) => {
      const worst = worstLinkOf(rule)
      return worst === null ? '' : kindOf(worst.state)
    },
    cell: (rule) => <RuleState rule={rule} />,
  },
  {
    id: 'backlog',
    header: 'Backlog',
    width: '130px',
    align: 'end',
    sortBy: (rule) => sumOf(rule, 'backlogCount'),
    cell: (rule) => (
      <>
        {rule.links.some(({ unknown }) => unknown !== null) && 'at least '}
        {countOf(sumOf(rule, 'backlogCount'), 'change')}
        <div className="dim">{formatBytes(sumOf(rule, 'backlogBytes'))}</div>
      </>
    ),
  },
  {
    id: 'behind',
    header: 'Oldest pending',
    width: '146px',
    align: 'end',
    sortBy: (rule) => -(oldestOf(rule) ?? Number.MAX_SAFE_INTEGER),
    cell: (rule) => <Age of={oldestOf(rule)} />,
  },
  {
    id: 'attention',
    header: 'Not in step',
    width: '120px',
    align: 'end',
    sortBy: (rule) => sumOf(rule, 'failing') + sumOf(rule, 'parked'),
    cell: (rule) => {
      const failed = sumOf(rule, 'failing') + sumOf(rule, 'parked')
      const apart = Math.max(0, ...rule.links.map(({ notConverging }) => notConverging))
      if (failed === 0 && apart > 0) return countOf(apart, 'key')
      if (failed === 0) return <NotFailed rule={rule} />
      return (
        <Link className="row-link" to="/failures" search={{ rule: rule.id }}>
          {countOf(failed, 'item')}
        </Link>
      )
    },
  },
]

/** In the words for its worst link: that nothing failed does not mean that nothing is missing. */
function NotFailed({ rule }: { readonly rule: RuleView }) {
  const worst = worstLinkOf(rule)
  return <span className="dim">{worst === null ? 'Nothing' : notInStepOf(worst)}</span>
}

function RuleState({ rule }: { readonly rule: RuleView }) {
  const worst = worstLinkOf(rule)
  if (worst === null) return <StateBadge state={{ kind: 'disabled' }} />
  const why = whyOf(worst)
  return (
    <>
      <StateBadge state={worst.state} />
      {rule.degraded !== null && (
        <span style={{ marginLeft: 6 }}>
          <ToneBadge tone="bad">Degraded</ToneBadge>
        </span>
      )}
      {why && (
        <div className="clip3" title={`${why.reason} ${why.remedy}`}>
          {why.reason}
        </div>
      )}
    </>
  )
}
