import { Button, Group } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import type { RetryInput } from '../../../shared/api/inputs.ts'
import { Confirm } from '../../components/confirm.tsx'
import { HeldNotes } from '../../components/held-notes.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page } from '../../components/page.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { filterOf, listInputOf, type FailureSearch } from '../../search.ts'
import { standsStill } from '../../../shared/model/sync-state.ts'
import { countOf, formatClock, formatCount } from '../../text/format.ts'
import { FailureDrawer } from './failure-drawer.tsx'
import { FailureFilters } from './failure-filters.tsx'
import { pageLength } from './failure-rows.ts'
import { FailureTable } from './failure-table.tsx'
import { filterText, retryQuestion } from './filter-text.ts'

const route = getRouteApi('/failures')

export function FailuresPage() {
  const { queries, client } = useConsole()
  const { data: overview } = useQuery(queries.overview)
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const first = useQuery({ ...queries.failures(listInputOf(search, 0, pageLength)), placeholderData: keepPreviousData })
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [asking, setAsking] = useState(false)
  const retry = useAction(
    (input: RetryInput) => client.failures.retry.mutate(input),
    (job) => `Started: ${job.title}`,
  )
  const change = (changed: FailureSearch) => {
    setChosen(new Set())
    void navigate({ search: { ...search, ...changed }, replace: true })
  }
  const filter = filterOf(search)
  const total = first.data?.total ?? 0
  const retryOne = ({ seq }: { readonly seq: number }) => retry.mutate({ seqs: [seq] })
  return (
    <Page
      title="Failures"
      lead={first.data && `${countText(total, filterText(filter))} · as of ${formatClock(first.data.asOf)}`}
      actions={
        <Group gap="xs">
          {chosen.size > 0 && (
            <Button
              variant="default"
              onClick={() => retry.mutate({ seqs: [...chosen] }, { onSuccess: () => setChosen(new Set()) })}
            >
              Retry the {formatCount(chosen.size)} selected
            </Button>
          )}
          <Button
            disabled={total === 0}
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={() => setAsking(true)}
          >
            Retry all {formatCount(total)}
          </Button>
        </Group>
      }
    >
      <HeldNotes held={overview?.held ?? []} />
      <FailureFilters search={search} byCode={first.data?.byCode ?? []} onChange={change} />
      <Loaded query={first} what="the failures">
        {() =>
          total === 0 ? (
            <Nothing filtered={filterText(filter) !== ''} />
          ) : (
            <FailureTable
              key={JSON.stringify([filter, search.sort, search.ascending])}
              search={search}
              total={total}
              chosen={chosen}
              onChoose={(seq, on) => setChosen(withSeq(chosen, seq, on))}
              onSort={(sort, ascending) => change({ sort, ascending: ascending || undefined })}
              onOpen={(item) => void navigate({ search: { ...search, item } })}
              onRetry={retryOne}
            />
          )
        }
      </Loaded>
      <FailureDrawer
        seq={search.item}
        onClose={() => void navigate({ search: { ...search, item: undefined }, replace: true })}
        onRetry={retryOne}
      />
      <Confirm
        opened={asking}
        title={`Retry ${countOf(total, 'item')}?`}
        confirm={`Retry ${formatCount(total)}`}
        busy={retry.isPending}
        onClose={() => setAsking(false)}
        onConfirm={() => retry.mutate({ filter }, { onSettled: () => setAsking(false) })}
      >
        {retryQuestion(total, filter)} will be tried again at once, parked ones too. You can follow and cancel it under
        Jobs.
      </Confirm>
    </Page>
  )
}

/** An empty list says that nothing failed, not that everything is in step. */
const countText = (total: number, filtered: string): string =>
  total === 0 && filtered === '' ? 'No item failed' : `${countOf(total, 'item')} not in step ${filtered}`

function withSeq(chosen: ReadonlySet<number>, seq: number, on: boolean): ReadonlySet<number> {
  const next = new Set(chosen)
  if (on) next.add(seq)
  else next.delete(seq)
  return next
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  const { queries } = useConsole()
  const { data: overview } = useQuery(queries.overview)
  const apart = new Set(overview?.links.filter((link) => link.notConverging > 0).map(({ ruleId }) => ruleId))
  if (!filtered && apart.size > 0)
    return (
      <Empty title="Nothing failed, and not everything is in step">
        Some keys were written at both sides and do not converge; no retry helps them. The pages of these rules name
        them: {[...apart].join(', ')}.
      </Empty>
    )
  const still = new Set(
    overview?.links
      .filter(({ state }) => !['disabled', 'waiting'].includes(state.kind) && standsStill(state))
      .map(({ ruleId }) => ruleId),
  )
  if (!filtered && still.size > 0)
    return (
      <Empty title="Nothing failed, because nothing was tried">
        {countOf(still.size, 'rule stands', 'rules stand')} still: what waits for them is not in this list. Each says
        why on its page.
      </Empty>
    )
  return filtered ? (
    <Empty title="Nothing matches">No item that is not in step matches these filters.</Empty>
  ) : (
    <Empty title="Nothing failed">
      Every change has arrived or is on its way. What fails is listed here with its cause, and leaves when it has
      arrived.
    </Empty>
  )
}
