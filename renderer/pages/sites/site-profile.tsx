import { Autocomplete, Button, Group, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SiteView } from '../../../shared/model/site.ts'
import { factLines, type FactLine, type ProfileProbe, type SiteProfile } from '../../../shared/model/site-profile.ts'
import { probeCostText } from '../../../shared/text/probe-cost.ts'
import { Ago } from '../../components/times.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatDuration } from '../../text/format.ts'
import { vendorNames } from '../../text/site.ts'

/** What is known of a site besides its health, fact by fact, and the button that finds it out again. */
export function ProfileOf({ site }: { readonly site: SiteView }) {
  const { profile } = site
  return (
    <section aria-label="What this site keeps">
      <Title order={2} mb={6}>
        What this site keeps
      </Title>
      {profile === null ? <p style={{ margin: 0 }}>Nothing is known of it yet.</p> : <KnownProfile profile={profile} />}
      <ProbeAgain site={site} />
    </section>
  )
}

/** Every fact that was looked at, and how many were not. */
export function KnownProfile({ profile }: { readonly profile: SiteProfile }) {
  const lines = factLines(profile.facts)
  const looked = lines.filter(({ fact }) => fact.asOf !== null)
  const open = lines.length - looked.length
  return (
    <>
      <p style={{ margin: '0 0 8px' }}>
        {nameOf(profile)},{' '}
        <span className="dim">
          as it said <Ago at={profile.knownAt} />
        </span>
      </p>
      <dl className="facts profile-facts">
        {looked.map((line) => (
          <Fact key={line.id} line={line} probe={profile.probe} />
        ))}
      </dl>
      {open > 0 && (
        <p className="dim" style={{ margin: '8px 0 0' }}>{`${countOf(open, 'more fact')} not looked at yet.`}</p>
      )}
      {profile.probe && <Probed probe={profile.probe} />}
    </>
  )
}

const nameOf = ({ vendor, server }: SiteProfile): string =>
  vendor === 'other' && server !== null ? `${vendorNames.other} (${server})` : vendorNames[vendor]

function Fact({ line, probe }: { readonly line: FactLine; readonly probe: ProfileProbe | null }) {
  const { title, words, fact } = line
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {fact.value === null ? <span className="dim">{words}</span> : words}
        {fact.how === 'by-name' && <span className="dim"> By the kind of server.</span>}
        {fact.asOf !== null && fact.bucket !== null && !isOfProbe(fact, probe) && (
          <span className="dim">
            {' '}
            As of <Ago at={fact.asOf} />, in {fact.bucket}.
          </span>
        )}
      </dd>
    </>
  )
}

/** Found by the last whole probe, whose bucket and time stand below. */
const isOfProbe = ({ bucket, asOf }: FactLine['fact'], probe: ProfileProbe | null): boolean =>
  probe !== null && asOf !== null && bucket === probe.bucket && asOf >= probe.at - probe.elapsedMs && asOf <= probe.at

function Probed({ probe }: { readonly probe: ProfileProbe }) {
  const { bucket, at, requests, elapsedMs, left } = probe
  return (
    <>
      <p className="dim" style={{ margin: '8px 0 0' }}>
        As of <Ago at={at} />, tried in {bucket} with {countOf(requests, 'request')} in {formatDuration(elapsedMs)}.
      </p>
      {left !== null && (
        <p className="note" data-tone="waiting" style={{ margin: '8px 0 0' }}>
          Some of the small objects could not be removed again, below .lockstep-canary/: {left}
        </p>
      )}
    </>
  )
}

function ProbeAgain({ site }: { readonly site: SiteView }) {
  const { id, name, paused, profile } = site
  const { client, queries } = useConsole()
  const offered = useQuery(queries.buckets(id))
  const [bucket, setBucket] = useState(profile?.probe?.bucket ?? '')
  const probe = useAction(
    () => client.sites.profile.mutate({ id, bucket: bucket === '' ? null : bucket }),
    () => `${name} was probed.`,
  )
  return (
    <Group gap="xs" align="flex-end" mt={10} wrap="nowrap">
      <Autocomplete
        label="Bucket to try it in"
        description={
          paused
            ? 'Nothing is written to a site that is paused.'
            : `A few small objects, removed at once: ${probeCostText(site)}.`
        }
        placeholder="one that a rule writes to"
        data={(offered.data ?? []).map((one) => one.name)}
        value={bucket}
        onChange={setBucket}
        disabled={paused}
        style={{ flex: 1 }}
      />
      <Button variant="default" disabled={paused} loading={probe.isPending} onClick={() => probe.mutate(undefined)}>
        {profile?.probe ? 'Probe again' : 'Probe it'}
      </Button>
    </Group>
  )
}
