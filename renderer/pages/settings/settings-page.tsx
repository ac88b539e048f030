import { Button, Group, SegmentedControl, Text, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Settings } from '../../../shared/api/engine-api.ts'
import { CopyAction, Copyable } from '../../components/copyable.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Page, Panel } from '../../components/page.tsx'
import { useConsole } from '../../console-parts.ts'
import { KeysSwitch } from '../../layout/shortcut-sheet.tsx'
import { formatClock } from '../../text/format.ts'
import { ConfigPanel } from './config-panel.tsx'
import { SseCKeysPanel } from './sse-c-keys-panel.tsx'
import { WorkersPanel } from './workers-panel.tsx'
import { WebhookAddress } from './webhook-address.tsx'

export function SettingsPage() {
  const { queries } = useConsole()
  const settings = useQuery(queries.settings)
  return (
    <Page title="Settings">
      <Panel title="This screen">
        <Theme />
        <KeysSwitch />
      </Panel>
      <Loaded query={settings} what="the settings">
        {(value) => (
          <>
            <WorkersPanel workers={value.workers} />
            <SseCKeysPanel />
            <WherePanel settings={value} />
            <ConfigPanel />
            <DiagnosticsPanel />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Theme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Group gap="md">
      <Text id="theme-label">Appearance</Text>
      <SegmentedControl
        size="xs"
        aria-labelledby="theme-label"
        color="petrol"
        data={[
          { value: 'auto', label: 'As the system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
        value={colorScheme}
        onChange={(value) => setColorScheme(value)}
      />
    </Group>
  )
}

const secretsText: Record<Settings['secretsIn'], string> = {
  keychain: 'In this computer’s keychain',
  vault: 'In an encrypted vault in the data directory',
  config: 'In the configuration file or the environment: keep that file to yourself',
}

function WherePanel({ settings }: { readonly settings: Settings }) {
  return (
    <Panel title="Where things are">
      <dl className="facts">
        <dt>Secrets</dt>
        <dd>{secretsText[settings.secretsIn]}</dd>
        <dt>Data directory</dt>
        <dd>
          <Copyable text={settings.dataDir} what="the data directory" />
        </dd>
        <dt>Webhook receiver</dt>
        <dd>
          {settings.webhook === null ? (
            'Off. Sites without an event stream can tell of changes by it: set “notifications” in the configuration.'
          ) : (
            <WebhookAddress webhook={settings.webhook} />
          )}
        </dd>
        <dt>Version</dt>
        <dd>
          Lockstep {settings.version}, {settings.runtime}
        </dd>
      </dl>
    </Panel>
  )
}

function DiagnosticsPanel() {
  const { queries } = useConsole()
  const diagnostics = useQuery({ ...queries.diagnostics, enabled: false })
  return (
    <Panel
      title="Diagnostics"
      actions={
        <Group gap="xs">
          {diagnostics.data && (
            <CopyAction text={diagnostics.data.text} label="Copy the report">
              Copy the report
            </CopyAction>
          )}
          <Button variant="default" loading={diagnostics.isFetching} onClick={() => void diagnostics.refetch()}>
            {diagnostics.data ? 'Read again' : 'Read the report'}
          </Button>
        </Group>
      }
    >
      <Text c="dimmed">
        {diagnostics.data
          ? `As of ${formatClock(diagnostics.data.asOf)}. It holds no keys; look it through before you pass it on.`
          : 'What the engine knows of itself: queues, feeds, last faults. For a report to whoever helps you.'}
      </Text>
      {diagnostics.isError && <Text c="var(--bad)">The report could not be read. Try again.</Text>}
      {diagnostics.data && (
        <pre className="raw" tabIndex={0} aria-label="Diagnostics report">
          {diagnostics.data.text}
        </pre>
      )}
    </Panel>
  )
}
