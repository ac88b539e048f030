import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { GatewaySettings, GatewayView } from '../../../shared/model/gateway.ts'
import { Confirm } from '../../components/confirm.tsx'
import { CopyBlock, Copyable } from '../../components/copyable.tsx'
import { Panel, Stat } from '../../components/page.tsx'
import { Age } from '../../components/times.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatBytes, formatCount, formatInstant } from '../../text/format.ts'
import { configLines, keyName, usageLines } from '../../text/gateway.ts'
import { tellFault } from '../../text/told.ts'
import { GatewayEditor } from './gateway-editor.tsx'

/** Whether it listens, where, for whom, and what that means; with the way to change or stop it. */
export function GatewayState({ view }: { readonly view: GatewayView }) {
  const { client } = useConsole()
  const { state, settings } = view
  const again = useAction(
    () => client.gateway.update.mutate({ settings }),
    (now) => (now.state.kind === 'listening' ? `The gateway listens on ${now.state.url}.` : ''),
  )
  if (settings === null) return null
  return (
    <>
      <Panel title="Endpoint" actions={<Actions view={view} settings={settings} />}>
        {state.kind === 'fault' && <ToldNote told={tellFault(state.fault)} retry={() => again.mutate(undefined)} />}
        <dl className="facts" style={{ marginTop: state.kind === 'fault' ? 12 : 0 }}>
          <dt>State</dt>
          <dd>
            <StateText view={view} />
          </dd>
          {state.kind === 'listening' && (
            <>
              <dt>URL for clients</dt>
              <dd>
                <Copyable text={state.url} what="the URL" />
              </dd>
            </>
          )}
          <dt>In front of</dt>
          <dd>
            <SiteLink id={settings.site} />
          </dd>
          {view.exposedAs !== null && (
            <>
              <dt>Who reaches it</dt>
              <dd>{view.exposedAs}</dd>
            </>
          )}
          <dt>Addresses</dt>
          <dd>host/bucket/key{settings.hostnames.map((name) => `, bucket.${name}/key`).join('')}</dd>
          <dt>Encryption</dt>
          <dd>{settings.tls === null ? 'none: plain HTTP' : `TLS with ${settings.tls.certFile}`}</dd>
        </dl>
        <details className="fold">
          <summary>How clients use it, and the same as configuration</summary>
          <Usage view={view} settings={settings} />
        </details>
      </Panel>
      {state.kind === 'listening' && <Counts view={view} />}
    </>
  )
}

function StateText({ view: { state } }: { readonly view: GatewayView }) {
  if (state.kind === 'fault') return <ToneBadge tone="bad">Does not listen</ToneBadge>
  if (state.kind === 'off') return <ToneBadge tone="quiet">Off: no client reaches it</ToneBadge>
  return (
    <>
      <ToneBadge tone="good">Listening</ToneBadge>{' '}
      <span className="dim" title={`Since ${formatInstant(state.since)}`}>
        for <Age of={state.since} />
      </span>
    </>
  )
}

function SiteLink({ id }: { readonly id: string }) {
  const { queries } = useConsole()
  const sites = useQuery(queries.sites)
  return (
    <Link className="row-link" to="/sites" search={{ site: id }}>
      {sites.data?.find((site) => site.id === id)?.name ?? id}
    </Link>
  )
}

function Usage({ view, settings }: { readonly view: GatewayView; readonly settings: GatewaySettings }) {
  const { state } = view
  const host = state.kind === 'listening' ? new URL(state.url).host : (settings.listen ?? 'HOST:PORT')
  return (
    <>
      <Text mb={6}>
        Any S3 client that signs by Signature V4 works with this endpoint and a client key of the list below, in any
        region. For instance aws, rclone and s3cmd:
      </Text>
      <CopyBlock text={usageLines(host, settings.tls !== null)} what="the commands" />
      <Text mt="sm" mb={6}>
        The same settings in <span className="mono">lockstep.config.json</span>, with an example of a client key:
      </Text>
      <CopyBlock text={configLines(settings)} what="the lines of the configuration" />
    </>
  )
}

function Counts({ view: { counts, openConnections, underWay } }: { readonly view: GatewayView }) {
  return (
    <dl className="panel stats" style={{ margin: 0 }} aria-label="Since the engine started">
      <Stat name="Requests" note="since the engine started">
        {formatCount(counts.requests)}
      </Stat>
      <Stat name="Refused" note="4xx: not allowed, not found or not valid">
        {formatCount(counts.refused)}
      </Stat>
      <Stat name="Failed" note="5xx: not confirmed, or the site failed">
        {formatCount(counts.failed)}
      </Stat>
      <Stat name="Read by clients" note="since the engine started">
        {formatBytes(counts.readBytes)}
      </Stat>
      <Stat name="Written by clients" note="since the engine started">
        {formatBytes(counts.writtenBytes)}
      </Stat>
      <Stat name="Under way now" note={`on ${countOf(openConnections, 'open connection')}`}>
        {countOf(underWay, 'request')}
      </Stat>
    </dl>
  )
}

function Actions({ view, settings }: { readonly view: GatewayView; readonly settings: GatewaySettings }) {
  const { client } = useConsole()
  const [open, setOpen] = useState<'edit' | 'off' | null>(null)
  const close = () => setOpen(null)
  const stop = useAction(
    () => client.gateway.update.mutate({ settings: { ...settings, listen: null } }),
    () => 'The gateway is off. Its settings and keys are kept.',
  )
  return (
    <Group gap="xs">
      {settings.listen === null ? (
        <Button onClick={() => setOpen('edit')}>Turn it on…</Button>
      ) : (
        <>
          <Button variant="default" onClick={() => setOpen('edit')}>
            Edit
          </Button>
          <Button variant="default" onClick={() => setOpen('off')}>
            Turn off…
          </Button>
        </>
      )}
      <GatewayEditor
        settings={settings}
        save={settings.listen === null ? 'Turn it on' : 'Save'}
        opened={open === 'edit'}
        onClose={close}
      />
      <Confirm
        opened={open === 'off'}
        title="Turn the gateway off?"
        confirm="Turn it off"
        danger
        busy={stop.isPending}
        onClose={close}
        onConfirm={() => stop.mutate(undefined, { onSuccess: close })}
      >
        {whatStops(view)} Objects, rules and keys stay as they are. What clients write to the site directly is still
        noticed and copied, asynchronously.
      </Confirm>
    </Group>
  )
}

function whatStops({ state, keys, underWay }: GatewayView): string {
  const where = state.kind === 'listening' ? state.url : 'the gateway'
  const who = keys.length === 0 ? '' : ` ${keys.map(keyName).join(', ')} can no longer read or write through it.`
  const now = underWay === 0 ? '' : ` ${countOf(underWay, 'request')} under way may break off.`
  return `No client is answered on ${where} any more.${who}${now}`
}
