import { Button, FileButton, Group, Stack, Text, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { ImportPreview } from '../../../shared/api/engine-api.ts'
import { Panel } from '../../components/page.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { countOf } from '../../text/format.ts'
import { tellError } from '../../text/told.ts'

/** Sites, rules and workers as one file: taken out without secrets, and taken in only after its changes were shown. */
export function ConfigPanel() {
  const { client } = useConsole()
  const [text, setText] = useState('')
  const preview = useAction((candidate: string) => client.config.preview.mutate({ text: candidate }))
  const apply = useAction(
    (candidate: string) => client.config.import.mutate({ text: candidate }),
    (done) => `${countOf(done.changes.length, 'change')} applied.`,
  )
  const save = useAction(
    () => client.config.export.query(),
    () => 'The configuration was exported, without secrets.',
  )
  const load = (candidate: string) => {
    setText(candidate)
    preview.reset()
  }
  return (
    <Panel
      title="Configuration as a file"
      actions={
        <Button
          variant="default"
          loading={save.isPending}
          onClick={() => save.mutate(undefined, { onSuccess: (content) => download('lockstep.config.json', content) })}
        >
          Export
        </Button>
      }
    >
      <Stack gap="sm">
        <Text c="dimmed">
          An export holds sites, rules and workers, and no secrets. An import shows what it would change before anything
          happens.
        </Text>
        <Textarea
          label="Import"
          placeholder="Paste the content of a lockstep.config.json, or open the file"
          autosize
          minRows={3}
          maxRows={12}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.75rem' } }}
          value={text}
          onChange={(event) => load(event.currentTarget.value)}
        />
        <Group gap="xs">
          <FileButton accept="application/json,.json" onChange={(file) => file && void readFile(file).then(load)}>
            {(props) => (
              <Button variant="default" {...props}>
                Open a file…
              </Button>
            )}
          </FileButton>
          <Button disabled={text.trim() === ''} loading={preview.isPending} onClick={() => preview.mutate(text)}>
            Show the changes
          </Button>
        </Group>
        {preview.isError && <ToldNote told={tellError(preview.error)} />}
        {preview.data && (
          <Preview
            preview={preview.data}
            busy={apply.isPending}
            onApply={() => apply.mutate(text, { onSuccess: () => load('') })}
          />
        )}
      </Stack>
    </Panel>
  )
}

interface PreviewProps {
  readonly preview: ImportPreview
  readonly busy: boolean
  readonly onApply: () => void
}

function Preview({ preview, busy, onApply }: PreviewProps) {
  const { changes, missingSecretsFor } = preview
  if (changes.length === 0) return <Text fw={500}>This file changes nothing: everything is so already.</Text>
  return (
    <div className="note" data-tone="waiting" role="group" aria-label="Changes of the import">
      <Text fw={600}>{countOf(changes.length, 'change')} would be made</Text>
      <ul style={{ margin: '4px 0', paddingLeft: 18 }}>
        {changes.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
      {missingSecretsFor.length > 0 && (
        <Text>Keys are missing for {missingSecretsFor.join(', ')}: enter them under Sites afterwards.</Text>
      )}
      <Button mt={6} loading={busy} onClick={onApply}>
        Apply {countOf(changes.length, 'change')}
      </Button>
    </div>
  )
}

async function readFile(file: File): Promise<string> {
  try {
    return await file.text()
  } catch {
    notifications.show({ message: `${file.name} could not be read. Choose it again.`, color: 'red' })
    return ''
  }
}

function download(name: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
