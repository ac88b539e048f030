import { Button, Drawer, Group, Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { driftCauses } from '../../../shared/model/bucket-drift.ts'
import type { SiteHealth, SiteView } from '../../../shared/model/site.ts'
import { DriftNotes } from '../../components/drift-notes.tsx'
import { HeldNotes } from '../../components/held-notes.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { Ago } from '../../components/times.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import {
  countOf,
  formatByteRate,
  formatClock,
  formatDuration,
  formatInstant,
  formatMs,
  formatShare,
} from '../../text/format.ts'
import { credentialsText, rttText, siteState, skewText } from '../../text/site.ts'
import { tellFault } from '../../text/told.ts'
import { SiteEditor } from './site-editor.tsx'
import { ProfileOf } from './site-profile.tsx'

/** One site: how it is, what it keeps, and what can be done with it. */
export function SiteDrawer({ site, onClose }: { readonly site: SiteView | null; readonly onClose: () => void }) {
  return (
    <Drawer
      opened={site !== null}
      onClose={onClose}
      position="right"
      size={540}
      title={site?.name}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {site && <Detail site={site} onGone={onClose} />}
    </Drawer>
  )
}

function Detail({ site, onGone }: { readonly site: SiteView; readonly onGone: () => void }) {
  const { health } = site
  const { label, tone } = siteState(site)
  return (
    <Stack gap="lg">
      <Group gap="sm">
        <ToneBadge tone={tone}>{label}</ToneBadge>
        <span className="dim">as of {formatClock(health.asOf)}</span>
      </Group>
      <Actions site={site} onGone={onGone} />
      {health.lastFault !== null && health.state === 'offline' && <ToldNote told={tellFault(health.lastFault)} />}
      <RegionNote site={site} />
      <ChangedBuckets siteId={site.id} />
      <Health site={site} />
      <ProfileOf site={site} />
      <section aria-label="Connection">
        <Title order={2} mb={6}>
          Connection
        </Title>
        <dl className="facts">
          <dt>Endpoint</dt>
          <dd>{site.endpoint}</dd>
          <dt>Id, region</dt>
          <dd>
            {site.id}, {site.region}
          </dd>
          <dt>Bucket addresses</dt>
          <dd>{site.pathStyle ? 'host/bucket/key' : 'bucket.host/key'}</dd>
          <dt>Certificate</dt>
          <dd>{certificateText(site)}</dd>
          <dt>Keys</dt>
          <dd>
            {site.accessKeyHint}, {credentialsText[site.credentialsFrom]}
          </dd>
          <dt>Used by</dt>
          <dd>{site.usedByRules.length === 0 ? 'no rule' : site.usedByRules.join(', ')}</dd>
        </dl>
      </section>
    </Stack>
  )
}

/** Buckets of rules that are not any more what they were, whether rules are held by it or not. */
function ChangedBuckets({ siteId }: { readonly siteId: string }) {
  const { queries } = useConsole()
  const { data: overview } = useQuery(queries.overview)
  if (overview === undefined) return null
  return (
    <>
      <HeldNotes held={overview.held.filter((cause) => cause.what === 'bucket' && cause.siteId === siteId)} />
      <DriftNotes drifts={driftCauses(overview.links).filter(({ at }) => at.site === siteId)} />
    </>
  )
}

/** The site itself named another region than it is set to: it is used already, and kept with one click. */
function RegionNote({ site: { id, name, region, signsFor } }: { readonly site: SiteView }) {
  const { client } = useConsole()
  const keep = useAction(
    (wanted: string) => client.sites.setRegion.mutate({ id, region: wanted }),
    (site) => `${site.name} signs for region ${site.region} from now on.`,
  )
  if (signsFor === null) return null
  return (
    <section className="note" data-tone="waiting" aria-label="The site expects another region">
      <p style={{ margin: 0 }}>
        {name} expects region {signsFor}, and is set to {region}. Lockstep signs as the site says; until it is set so,
        the first request to each bucket is refused once.
      </p>
      <Button mt={8} loading={keep.isPending} onClick={() => keep.mutate(signsFor)}>
        Use region {signsFor}
      </Button>
    </section>
  )
}

function certificateText({ endpoint, tls }: SiteView): string {
  if (endpoint.startsWith('http:')) return 'none: the connection is not encrypted'
  if (tls.insecureSkipVerify) return 'any is accepted: not safe'
  return tls.caFile ? `checked against ${tls.caFile}` : 'checked against this computer’s authorities'
}

/** Numbers from a handful of probes tell little, so the heading says how many there were. */
function healthTitle({ probes }: SiteHealth): string {
  return probes.recent === 0 ? 'Health, not probed yet' : `Health, of the last ${countOf(probes.recent, 'probe')}`
}

function Health({ site: { health } }: { readonly site: SiteView }) {
  return (
    <section aria-label="Health">
      <Title order={2} mb={6}>
        {healthTitle(health)}
      </Title>
      <dl className="facts">
        <dt>Round trip</dt>
        <dd>{rttText(health)}</dd>
        <dt>Jitter</dt>
        <dd>{health.jitterMs === null ? 'not measured' : formatMs(health.jitterMs)}</dd>
        <dt>Probes lost</dt>
        <dd>{health.probeLoss === null ? 'not measured' : formatShare(health.probeLoss)}</dd>
        <dt>Clock, to this one</dt>
        <dd>{health.clockSkewMs === null ? 'not measured' : skewText(health.clockSkewMs)}</dd>
        {health.downSince !== null && (
          <>
            <dt>Down since</dt>
            <dd>
              {formatClock(health.downSince)} (<Ago at={health.downSince} />)
            </dd>
          </>
        )}
        <dt>Downtime in all</dt>
        <dd>
          {health.totalDownMs === 0 ? 'none' : formatDuration(health.totalDownMs)} since{' '}
          {formatInstant(health.probes.sinceAt)}
        </dd>
        <dt>Read from it, now</dt>
        <dd>{formatByteRate(health.readBytesPerSecond)}</dd>
        <dt>Written to it, now</dt>
        <dd>{formatByteRate(health.writeBytesPerSecond)}</dd>
      </dl>
    </section>
  )
}

function Actions({ site, onGone }: { readonly site: SiteView; readonly onGone: () => void }) {
  const { client } = useConsole()
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null)
  const { id, name } = site
  const pause = useAction(
    () => client.sites.pause.mutate({ id }),
    () => `${name} is paused: nothing is read from it or written to it.`,
  )
  const resume = useAction(
    () => client.sites.resume.mutate({ id }),
    () => `${name} goes on.`,
  )
  const probe = useAction(
    () => client.sites.probe.mutate({ id }),
    (probed) => `${name} was probed: ${siteState(probed).label.toLowerCase()}.`,
  )
  const remove = useAction(
    () => client.sites.remove.mutate({ id }),
    () => `${name} was removed.`,
  )
  return (
    <Group gap="xs">
      <Button variant="default" loading={probe.isPending} onClick={() => probe.mutate(undefined)}>
        Probe now
      </Button>
      {site.paused ? (
        <Button onClick={() => resume.mutate(undefined)}>Resume</Button>
      ) : (
        <Button variant="default" onClick={() => pause.mutate(undefined)}>
          Pause
        </Button>
      )}
      <Button variant="default" onClick={() => setOpen('edit')}>
        Edit
      </Button>
      <Button variant="default" c="var(--bad)" onClick={() => setOpen('remove')}>
        Remove…
      </Button>
      <SiteEditor site={site} opened={open === 'edit'} onClose={() => setOpen(null)} />
      {site.usedByRules.length > 0 ? (
        <Confirm
          opened={open === 'remove'}
          title={`${name} is in use`}
          confirm="Understood"
          onClose={() => setOpen(null)}
          onConfirm={() => setOpen(null)}
        >
          {site.usedByRules.join(', ')} still {site.usedByRules.length === 1 ? 'uses' : 'use'} this site. Remove the{' '}
          {site.usedByRules.length === 1 ? 'rule' : 'rules'} first; then the site can go.
        </Confirm>
      ) : (
        <Confirm
          opened={open === 'remove'}
          title={`Remove ${name}?`}
          confirm="Remove the site"
          danger
          busy={remove.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() => remove.mutate(undefined, { onSuccess: onGone })}
        >
          Lockstep forgets the address {site.endpoint}, its keys and its measurements. Nothing on the site itself is
          touched: all its buckets and objects stay.
        </Confirm>
      )}
    </Group>
  )
}
