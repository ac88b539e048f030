import { Button, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { placeText } from '../../../shared/model/gateway-grant.ts'
import { rightsText } from '../../../shared/model/gateway-rights.ts'
import type { GatewayKeyView, GatewayView } from '../../../shared/model/gateway.ts'
import { Confirm } from '../../components/confirm.tsx'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Panel } from '../../components/page.tsx'
import { useNow } from '../../components/use-now.ts'
import { Ago } from '../../components/times.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { formatInstant } from '../../text/format.ts'
import { expiryOf, grantText, keyName, presetOf } from '../../text/gateway.ts'
import { NewKeyDialog } from './new-key-dialog.tsx'

/** The keys that clients sign with: who may do what, where, until when, and last used. */
export function KeysPanel({ view }: { readonly view: GatewayView }) {
  const [making, setMaking] = useState(false)
  return (
    <Panel
      title="Client keys"
      flush
      actions={
        <Button leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setMaking(true)}>
          Create a key
        </Button>
      }
    >
      {view.keys.length === 0 ? (
        <Text p={14}>No client has a key yet, so every request is refused. Create one for each client.</Text>
      ) : (
        <DataTable
          label="Client keys"
          columns={columns(view)}
          rows={view.keys}
          rowId={(key) => key.accessKeyId}
          sort={{ id: 'label', desc: false }}
          minWidth={860}
        />
      )}
      <NewKeyDialog siteId={view.settings?.site ?? ''} opened={making} onClose={() => setMaking(false)} />
    </Panel>
  )
}

const columns = (view: GatewayView): readonly Column<GatewayKeyView>[] => [
  {
    id: 'label',
    header: 'Client',
    sortBy: keyName,
    cell: (key) => (
      <>
        <div style={{ fontWeight: 500 }}>{keyName(key)}</div>
        <div className="mono dim">{key.accessKeyId}</div>
      </>
    ),
  },
  { id: 'rights', header: 'May', sortBy: ({ rights }) => rights.length, cell: (key) => <Rights of={key} /> },
  {
    id: 'place',
    header: 'Where',
    sortBy: placeText,
    cell: ({ buckets, prefixes }) => (
      <>
        <div>{placeText({ buckets, prefixes: [] })}</div>
        {prefixes.map((prefix) => (
          <div key={prefix} className="mono dim">
            {prefix}…
          </div>
        ))}
      </>
    ),
  },
  {
    id: 'expires',
    header: 'Expires',
    width: '190px',
    sortBy: ({ expiresAt }) => expiresAt ?? Number.MAX_SAFE_INTEGER,
    cell: (key) => <Expiry of={key} />,
  },
  {
    id: 'used',
    header: 'Last used',
    width: '140px',
    align: 'end',
    sortBy: (key) => key.lastUsedAt ?? 0,
    cell: (key) => (
      <>
        {key.lastUsedAt === null ? <span className="dim">not since the start</span> : <Ago at={key.lastUsedAt} />}
        {key.from === 'console' && (
          <div className="dim">
            made <Ago at={key.createdAt} />
          </div>
        )}
      </>
    ),
  },
  { id: 'act', header: 'Revoke', width: '110px', align: 'end', cell: (key) => <Revoke accessKey={key} view={view} /> },
]

function Rights({ of: { rights } }: { readonly of: GatewayKeyView }) {
  const preset = presetOf(rights)
  if (preset === null) return rightsText(rights)
  // The smallest and the largest say it by their names.
  const plain = preset.id === 'read' || preset.id === 'everything'
  return (
    <>
      <div style={{ fontWeight: 500 }}>{preset.label}</div>
      {!plain && <div className="dim">{rightsText(rights)}</div>}
    </>
  )
}

function Expiry({ of: key }: { readonly of: GatewayKeyView }) {
  const { tone, words, remedy } = expiryOf(key, useNow())
  const title = key.expiresAt === null ? undefined : formatInstant(key.expiresAt)
  if (tone === 'quiet') return <span title={title}>{words}</span>
  return (
    <>
      <span title={title}>
        <ToneBadge tone={tone}>{words}</ToneBadge>
      </span>
      {remedy !== null && <div className="dim">{remedy}</div>}
    </>
  )
}

function Revoke({ accessKey: key, view }: { readonly accessKey: GatewayKeyView; readonly view: GatewayView }) {
  const { client } = useConsole()
  const [asking, setAsking] = useState(false)
  const revoke = useAction(
    () => client.gateway.keys.revoke.mutate({ accessKeyId: key.accessKeyId }),
    () => `The key of ${keyName(key)} is revoked.`,
  )
  if (key.from === 'config') return <span className="dim">in the configuration</span>
  const where = view.state.kind === 'listening' ? view.state.url : 'the gateway'
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        c="var(--bad)"
        aria-label={`Revoke the key of ${keyName(key)}`}
        onClick={() => setAsking(true)}
      >
        Revoke…
      </Button>
      <Confirm
        opened={asking}
        title={`Revoke the key of ${keyName(key)}?`}
        confirm="Revoke the key"
        danger
        busy={revoke.isPending}
        onClose={() => setAsking(false)}
        onConfirm={() => revoke.mutate(undefined, { onSuccess: () => setAsking(false) })}
      >
        From its next request on, whoever signs with <span className="mono">{key.accessKeyId}</span> is refused and can
        no longer {grantText(key)} through {where}. {usedText(key)} It cannot be taken back: a new key has a new secret.
        Objects and other keys stay as they are.
      </Confirm>
    </>
  )
}

function usedText({ lastUsedAt }: GatewayKeyView) {
  if (lastUsedAt === null) return 'It has not been used since the engine started.'
  return (
    <>
      It was last used <Ago at={lastUsedAt} />.
    </>
  )
}
