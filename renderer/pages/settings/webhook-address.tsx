import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { Settings } from '../../../shared/api/engine-api.ts'
import { Confirm } from '../../components/confirm.tsx'
import { Copyable } from '../../components/copyable.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'

/** Where sites tell of changes. The secret path is shown when it is made, and never again. */
export function WebhookAddress({ webhook }: { readonly webhook: NonNullable<Settings['webhook']> }) {
  const { client } = useConsole()
  const [asking, setAsking] = useState(false)
  const [url, setUrl] = useState<string | null>(null)
  const renew = useAction(
    () => client.settings.renewWebhookUrl.mutate(),
    () => 'The webhook has a new address.',
  )
  return (
    <Stack gap="xs" align="flex-start">
      {url === null ? (
        <Text>
          <span className="mono">{webhook.address}/events/…</span> The rest of the address is a secret: it is shown when
          it is made.
        </Text>
      ) : (
        <>
          <Text role="status">
            <strong>Copy it now: it is shown this once.</strong> Append / and the id of the site that is to use it.
          </Text>
          <Copyable text={url} what="the webhook address" />
        </>
      )}
      <Group>
        <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
          Make a new address…
        </Button>
      </Group>
      <Confirm
        opened={asking}
        title="Make a new webhook address?"
        confirm="Make it"
        danger
        busy={renew.isPending}
        onClose={() => setAsking(false)}
        onConfirm={() =>
          renew.mutate(undefined, {
            onSuccess: (made) => {
              setUrl(made.url)
              setAsking(false)
            },
          })
        }
      >
        The address before is refused from then on. Sites that Lockstep told itself (Ceph) are told the new one; where
        you entered it by hand (MinIO, RustFS), enter the new one. Until then scans find what is not told.
      </Confirm>
    </Stack>
  )
}
