import { Button, Title } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { driftCauses } from '../../../shared/model/bucket-drift.ts'
import type { Overview } from '../../../shared/model/overview.ts'
import type { RuleView } from '../../../shared/model/rule.ts'
import type { SiteView } from '../../../shared/model/site.ts'
import { ChartsPanel } from '../../charts/charts-panel.tsx'
import { DriftNotes } from '../../components/drift-notes.tsx'
import { HeldNotes } from '../../components/held-notes.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page, Stat } from '../../components/page.tsx'
import { Age } from '../../components/times.tsx'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatByteRate, formatBytes, formatClock, formatCount, formatObjectRate } from '../../text/format.ts'
import { DegradedNote } from '../rules/degraded-note.tsx'
import { withLiveLinks } from '../rules/rule-links.ts'
import { LinkCard } from './link-card.tsx'
import { worstFirst } from './worst-first.ts'

export function OverviewPage() {
  const { queries } = useConsole()
  const overview = useQuery(queries.overview)
  const sites = useQuery(queries.sites)
  const rules = useQuery(queries.rules)
  return (
    <Page
      title="Overview"
      lead={overview.data && `As of ${formatClock(overview.data.asOf)}`}
      actions={overview.data && overview.data.links.length > 0 ? <PairButton /> : null}
    >
      <Loaded query={overview} what="the overview">
        {(value) =>
          value.links.length === 0 ? (
            <NothingPaired />
          ) : (
            <Everything overview={value} sites={sites.data ?? []} rules={rules.data ?? []} />
          )
        }
      </Loaded>
    </Page>
  )
}

function PairButton() {
  return (
    <Button component={Link} to="/pair" leftSection={<IconPlus size={14} aria-hidden />}>
      Pair two sites
    </Button>
  )
}

function NothingPaired() {
  return (
    <Empty title="Nothing is kept in step yet" action={<PairButton />}>
      Lockstep copies every change in a bucket on one S3 site to a bucket on another, in order, and keeps on until both
      are equal. It shows at every moment what is behind, what failed and why.
    </Empty>
  )
}

interface EverythingProps {
  readonly overview: Overview
  readonly sites: readonly SiteView[]
  readonly rules: readonly RuleView[]
}

function Everything({ overview, sites, rules }: EverythingProps) {
  const siteOf = (id: string) => sites.find((site) => site.id === id)
  return (
    <>
      {rules.map((rule) => (
        <DegradedNote key={rule.id} rule={withLiveLinks(rule, overview.links)} named />
      ))}
      <HeldNotes held={overview.held} />
      <DriftNotes drifts={driftCauses(overview.links)} />
      <Totals overview={overview} />
      <ChartsPanel linkId={null} title="All links over time" />
      <section aria-label="Links">
        <Title order={2} mb="xs">
          {countOf(overview.links.length, 'link')}
        </Title>
        <div className="link-grid">
          {worstFirst(overview.links).map((link) => (
            <LinkCard key={link.linkId} link={link} targetHealth={siteOf(link.target.site)?.health ?? null} />
          ))}
        </div>
      </section>
    </>
  )
}

function Totals({ overview }: { readonly overview: Overview }) {
  const { totals, workers, links } = overview
  const unseen = links.filter(({ unknown, state }) => unknown !== null && state.kind !== 'disabled').length
  return (
    <dl className="panel stats" style={{ margin: 0 }} aria-label="Totals">
      <Stat
        name="Backlog"
        note={unseen > 0 ? `${countOf(unseen, 'link')} cannot be seen` : formatBytes(totals.backlogBytes)}
      >
        {unseen > 0 && 'At least '}
        {countOf(totals.backlogCount, 'change')}
      </Stat>
      <Stat name="Furthest behind" note="age of the oldest pending change">
        <Age of={totals.oldestPendingAt} />
      </Stat>
      <Stat name="Throughput" note={formatObjectRate(totals.objectsPerSecond)}>
        {formatByteRate(totals.bytesPerSecond)}
      </Stat>
      <FailedStat name="Trying again" state="delayed" count={totals.failing} />
      <FailedStat name="Parked, need you" state="parked" count={totals.parked} />
      <Stat name="Workers busy" note={`of ${formatCount(workers.limit)} at most`}>
        {formatCount(workers.busy)}
      </Stat>
    </dl>
  )
}

interface FailedStatProps {
  readonly name: string
  readonly state: 'delayed' | 'parked'
  readonly count: number
}

/** How many items failed, with the way to exactly those. */
function FailedStat({ name, state, count }: FailedStatProps) {
  const way = (
    <Link className="row-link" to="/failures" search={{ state }}>
      Show them
    </Link>
  )
  return (
    <Stat name={name} note={count > 0 ? way : 'none'}>
      {countOf(count, 'item')}
    </Stat>
  )
}
