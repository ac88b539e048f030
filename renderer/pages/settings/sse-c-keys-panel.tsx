import { Button, Group, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { sseCKeyName, sseCKeyText, type SseCKeyView } from '../../../shared/model/sse-c-key.ts'
import { Confirm } from '../../components/confirm.tsx'
import { DataTable, type Column } from '../../components/data-table.tsx'
import { Field } from '../../components/form-field.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Panel } from '../../components/page.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'

/** Keys of clients by which rules copy what is under SSE-C: entered here, named in a rule, and never shown again. */
export function SseCKeysPanel() {
  const { queries } = useConsole()
  const keys = useQuery(queries.sseCKeys)
  return (
    <Panel title="Keys of clients (SSE-C)">
      <Loaded query={keys} what="the keys">
        {(rows) => (
          <>
            {rows.length === 0 ? (
              <Text c="dimmed">
                None yet. Objects that clients encrypt with keys of their own (SSE-C) are copied once their key is here
                and the rule names it.
              </Text>
            ) : (
              <DataTable
                label="Keys of clients"
                columns={columns}
                rows={rows}
                rowId={({ name }) => name}
                sort={{ id: 'name', desc: false }}
                minWidth={720}
              />
            )}
            <NewKey />
          </>
        )}
      </Loaded>
    </Panel>
  )
}

const columns: readonly Column<SseCKeyView>[] = [
  {
    id: 'name',
    header: 'Name',
    sortBy: ({ name }) => name,
    cell: ({ name, isThere }) => (
      <>
        <div style={{ fontWeight: 500 }}>{name}</div>
        {!isThere && (
          <>
            <ToneBadge tone="bad">lost</ToneBadge>
            <div className="dim">Enter it again under the same name.</div>
          </>
        )}
      </>
    ),
  },
  { id: 'md5', header: 'MD5 of the key', cell: ({ md5 }) => <span className="mono">{md5}</span> },
  { id: 'rules', header: 'Named by', cell: ({ usedByRules }) => usedByRules.join(', ') || 'no rule' },
  { id: 'act', header: 'Remove', width: '150px', align: 'end', cell: (key) => <Remove sseCKey={key} /> },
]

function Remove({ sseCKey: { name, from, usedByRules } }: { readonly sseCKey: SseCKeyView }) {
  const { client } = useConsole()
  const [asking, setAsking] = useState(false)
  const remove = useAction(
    () => client.sseCKeys.remove.mutate({ name }),
    () => `The key ${name} was removed.`,
  )
  if (from === 'config') return <span className="dim">in the configuration</span>
  if (usedByRules.length > 0) return <span className="dim">in use</span>
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        c="var(--bad)"
        aria-label={`Remove the key ${name}`}
        onClick={() => setAsking(true)}
      >
        Remove…
      </Button>
      <Confirm
        opened={asking}
        title={`Remove the key ${name}?`}
        confirm="Remove the key"
        danger
        busy={remove.isPending}
        onConfirm={() => remove.mutate(undefined, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      >
        Lockstep forgets it. What was copied under it stays as it is; nothing more under it is copied or compared.
      </Confirm>
    </>
  )
}

interface KeyValues {
  name: string
  key: string
}

const problemWith = (schema: typeof sseCKeyText) => (value: string) => {
  const read = schema.safeParse(value)
  return read.success ? null : `This does not fit: ${read.error.issues[0]?.message}.`
}

function NewKey() {
  const { client } = useConsole()
  const form = useForm<KeyValues>({
    initialValues: { name: '', key: '' },
    validate: { name: problemWith(sseCKeyName), key: problemWith(sseCKeyText) },
  })
  const store = useAction(
    ({ name, key }: KeyValues) => client.sseCKeys.put.mutate({ name, key: key.trim() }),
    ({ name }) => `The key ${name} was stored. Name it in the rules that are to copy by it.`,
  )
  return (
    <form noValidate onSubmit={form.onSubmit((values) => store.mutate(values, { onSuccess: () => form.reset() }))}>
      <Group gap="md" align="flex-start" mt="md">
        <Field
          form={form}
          name="name"
          width={220}
          label="Name of the key"
          description="Lower-case letters, digits, dashes."
        />
        <Field
          form={form}
          name="key"
          kind="secret"
          width={440}
          label="Key"
          description="32 bytes as base64 or hex; never shown again once it is stored."
        />
      </Group>
      <Button type="submit" mt="md" loading={store.isPending}>
        Store the key
      </Button>
    </form>
  )
}
