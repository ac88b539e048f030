import { Group, Kbd, Modal, Switch, Text } from '@mantine/core'
import { useConsole } from '../console-parts.ts'
import { usePreferences } from '../console-parts.ts'
import { destinations } from './destinations.ts'

export function ShortcutSheet({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const { platform } = useConsole()
  const command = platform === 'darwin' ? '⌘' : 'Ctrl'
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" closeButtonProps={{ 'aria-label': 'Close' }}>
      <dl className="facts">
        {destinations.map(({ title, key }, index) => (
          <Line key={key} name={title} keys={[['g', key]]} also={[command, String(index + 1)]} />
        ))}
        <Line name="Search in a list" keys={[['/']]} />
        <Line name="This sheet" keys={[['?']]} />
        <Line name="Close what is open" keys={[['Esc']]} />
      </dl>
      <KeysSwitch />
    </Modal>
  )
}

interface LineProps {
  readonly name: string
  readonly keys: readonly (readonly string[])[]
  readonly also?: readonly string[]
}

function Line({ name, keys, also }: LineProps) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Group gap={6}>
          {keys.flat().map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}
          {also && (
            <Text span size="sm" c="dimmed">
              or <Kbd>{also.join(' ')}</Kbd>
            </Text>
          )}
        </Group>
      </dd>
    </>
  )
}

/** Single keys can be switched off for those whose speech or switch tools send stray ones. */
export function KeysSwitch() {
  const { preferences } = useConsole()
  const { keys } = usePreferences()
  return (
    <Switch
      mt="md"
      label="Single-key shortcuts"
      description="Switch them off if a tool of yours sends stray keys. Ctrl or ⌘ with a digit stays."
      checked={keys}
      onChange={(event) => preferences.set({ keys: event.currentTarget.checked })}
    />
  )
}
