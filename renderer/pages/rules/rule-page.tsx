import { Button, Group, Menu, Select } from '@mantine/core'
import {
  IconDots,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPower,
  IconScale,
  IconTrash,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { driftCauses } from '../../../shared/model/bucket-drift.ts'
import { heldCauses } from '../../../shared/model/sync-state.ts'
import { ruleOf, type LinkView, type RuleView } from '../../../shared/model/rule.ts'
import { ChartsPanel } from '../../charts/charts-panel.tsx'
import { CautionNotes } from '../../components/caution-notes.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { DriftNotes } from '../../components/drift-notes.tsx'
import { HeldNotes } from '../../components/held-notes.tsx'
import { JobLine } from '../../components/job-line.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Page, Panel } from '../../components/page.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { placeOf } from '../../text/link.ts'
import { LinkCard } from '../overview/link-card.tsx'
import { BrakeBanner } from './brake-banner.tsx'
import { CompareDialog } from './compare-dialog.tsx'
import { CompareReports } from './compare-reports.tsx'
import { DegradedNote } from './degraded-note.tsx'
import { FeedsPanel } from './feeds-panel.tsx'
import { FidelityPanels } from './fidelity-panels.tsx'
import { KeysPanel } from './keys-panel.tsx'
import { PromisePanel } from './promise-panel.tsx'
import { ResyncDialog } from './rule-dialogs.tsx'
import { RuleEdit } from './rule-edit.tsx'
import { withLiveLinks } from './rule-links.ts'
import { CoveredNote, TargetWritesNote } from './target-writes-note.tsx'
import { RuleSummary } from './rule-summary.tsx'

const route = getRouteApi('/rules/$ruleId')

export function RulePage() {
  const { queries } = useConsole()
  const { ruleId } = route.useParams()
  const rule = useQuery(queries.rule(ruleId))
  const { data: overview } = useQuery(queries.overview)
  const live = rule.data && withLiveLinks(rule.data, overview?.links ?? [])
  return (
    <Page
      title={ruleId}
      lead={live && `${placeOf(live.source)} to ${live.targets.map(placeOf).join(', ')}`}
      actions={live && <Actions rule={live} />}
    >
      <Loaded query={{ ...rule, data: live, refetch: rule.refetch }} what="the rule">
        {(view) => <Content rule={view} />}
      </Loaded>
    </Page>
  )
}

function Content({ rule }: { readonly rule: RuleView }) {
  const { queries } = useConsole()
  const { edit } = route.useSearch()
  const navigate = route.useNavigate()
  const sites = useQuery(queries.sites)
  const healthOf = (id: string) => sites.data?.find((site) => site.id === id)?.health ?? null
  if (edit)
    return (
      <RuleEdit
        rule={rule}
        onClose={() => void navigate({ to: '/rules/$ruleId', params: { ruleId: rule.id }, search: {} })}
      />
    )
  return (
    <>
      {rule.paused?.by === 'brake' && <BrakeBanner rule={rule} />}
      <HeldNotes held={heldCauses(rule.links)} />
      <DriftNotes drifts={driftCauses(rule.links)} />
      <DegradedNote rule={rule} />
      <TargetWritesNote rule={rule} />
      <CoveredNote rule={rule} />
      <CautionNotes cautions={rule.cautions} />
      <RunningJobs ruleId={rule.id} />
      <section aria-label="Links" className="link-grid">
        {rule.links.map((link) => (
          <LinkCard key={link.linkId} ofRule link={link} targetHealth={healthOf(link.target.site)} />
        ))}
      </section>
      <KeysPanel rule={rule} />
      <FeedsPanel rule={rule} />
      <CompareReports ruleId={rule.id} />
      <LinkCharts links={rule.links} />
      <PromisePanel rule={rule} />
      <FidelityPanels rule={ruleOf(rule)} />
      <RuleSummary rule={rule} />
    </>
  )
}

/** The history of one link of the rule; with several targets, of the one that is chosen. */
function LinkCharts({ links }: { readonly links: readonly LinkView[] }) {
  const [chosen, setChosen] = useState<string | null>(null)
  const shown = links.find(({ linkId }) => linkId === chosen) ?? links[0]
  if (shown === undefined) return null
  return (
    <ChartsPanel
      key={shown.linkId}
      linkId={shown.linkId}
      title={links.length === 1 ? 'This link over time' : `To ${placeOf(shown.target)} over time`}
      choice={
        links.length > 1 && (
          <Select
            size="xs"
            w={220}
            aria-label="Which link"
            data={links.map((link) => ({ value: link.linkId, label: placeOf(link.target) }))}
            value={shown.linkId}
            onChange={setChosen}
          />
        )
      }
    />
  )
}

function RunningJobs({ ruleId }: { readonly ruleId: string }) {
  const { queries } = useConsole()
  const { data: jobs = [] } = useQuery(queries.jobs)
  const running = jobs.filter((job) => job.ruleId === ruleId && job.state === 'running')
  if (running.length === 0) return null
  return (
    <Panel title="Running">
      {running.map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
    </Panel>
  )
}

type OpenDialog = 'compare' | 'resync' | 'off' | 'remove' | null

function Actions({ rule }: { readonly rule: RuleView }) {
  const { client } = useConsole()
  const navigate = route.useNavigate()
  const [open, setOpen] = useState<OpenDialog>(null)
  const close = () => setOpen(null)
  const { id } = rule
  const pause = useAction(
    () => client.rules.pause.mutate({ id }),
    () => `${id} is paused. Changes still gather and will follow.`,
  )
  const resume = useAction(
    () => client.rules.resume.mutate({ id }),
    () => `${id} goes on.`,
  )
  const switchTo = useAction(
    (enabled: boolean) => client.rules.update.mutate({ ...ruleOf(rule), enabled }),
    (view) => (view.enabled ? `${id} is on again.` : `${id} is switched off: its changes are not noticed.`),
  )
  const remove = useAction(
    () => client.rules.remove.mutate({ id }),
    () => `The rule ${id} was removed.`,
  )
  return (
    <Group gap="xs">
      {!rule.enabled ? (
        <Button
          leftSection={<IconPower size={14} aria-hidden />}
          loading={switchTo.isPending}
          onClick={() => switchTo.mutate(true)}
        >
          Switch on
        </Button>
      ) : rule.paused?.by === 'operator' ? (
        <Button leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={() => resume.mutate(undefined)}>
          Resume
        </Button>
      ) : (
        rule.paused === null && (
          <Button
            variant="default"
            leftSection={<IconPlayerPause size={14} aria-hidden />}
            onClick={() => pause.mutate(undefined)}
          >
            Pause
          </Button>
        )
      )}
      <Button variant="default" leftSection={<IconScale size={14} aria-hidden />} onClick={() => setOpen('compare')}>
        Compare
      </Button>
      <Button
        variant="default"
        onClick={() => void navigate({ to: '/rules/$ruleId', params: { ruleId: id }, search: { edit: true } })}
        leftSection={<IconPencil size={14} aria-hidden />}
      >
        Edit
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={14} aria-hidden />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen('resync')}>Resync…</Menu.Item>
          <Menu.Item onClick={() => void navigate({ to: '/activity', search: { rule: id } })}>
            Activity of this rule
          </Menu.Item>
          {rule.enabled && <Menu.Item onClick={() => setOpen('off')}>Switch off…</Menu.Item>}
          <Menu.Item color="red" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => setOpen('remove')}>
            Remove…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <CompareDialog ruleId={id} opened={open === 'compare'} onClose={close} />
      <ResyncDialog rule={rule} opened={open === 'resync'} onClose={close} />
      <Confirm
        opened={open === 'off'}
        title={`Switch ${id} off?`}
        confirm="Switch it off"
        busy={switchTo.isPending}
        onClose={close}
        onConfirm={() => switchTo.mutate(false, { onSuccess: close })}
      >
        Changes in {placeOf(rule.source)} are no longer noticed, and the targets fall behind. What is there stays. When
        it is on again, a scan finds what was missed. To hold it for a while and lose no time afterwards, pause it
        instead.
      </Confirm>
      <Confirm
        opened={open === 'remove'}
        title={`Remove the rule ${id}?`}
        confirm="Remove the rule"
        danger
        busy={remove.isPending}
        onClose={close}
        onConfirm={() => remove.mutate(undefined, { onSuccess: () => void navigate({ to: '/rules' }) })}
      >
        Replication from {placeOf(rule.source)} to {rule.targets.map(placeOf).join(', ')} stops, and the rule’s queue
        and failure list are forgotten. The objects on both sides stay exactly as they are.
      </Confirm>
    </Group>
  )
}
