import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { NewGatewayKey } from '../../../shared/model/gateway.ts'
import { CopyAction, Copyable } from '../../components/copyable.tsx'
import { formatInstant } from '../../text/format.ts'
import { grantText } from '../../text/gateway.ts'
import { KeyForm } from './key-form.tsx'

interface NewKeyDialogProps {
  /** The buckets of this site are offered. */
  readonly siteId: string
  readonly opened: boolean
  readonly onClose: () => void
}

/** Makes a client key, then shows its secret: once, because nobody can read it again afterwards. */
export function NewKeyDialog({ siteId, opened, onClose }: NewKeyDialogProps) {
  const [made, setMade] = useState<NewGatewayKey | null>(null)
  const close = () => {
    setMade(null)
    onClose()
  }
  return (
    <Modal
      opened={opened}
      onClose={close}
      size={640}
      title={made === null ? 'Create a client key' : `The key of ${made.label}`}
      // A stray click or key must not take away what is shown once.
      closeOnClickOutside={made === null}
      closeOnEscape={made === null}
      withCloseButton={made === null}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {made === null ? (
        <KeyForm siteId={siteId} onMade={setMade} onCancel={close} />
      ) : (
        <Secret made={made} onDone={close} />
      )}
    </Modal>
  )
}

function Secret({ made, onDone }: { readonly made: NewGatewayKey; readonly onDone: () => void }) {
  const both = `AWS_ACCESS_KEY_ID=${made.accessKeyId}\nAWS_SECRET_ACCESS_KEY=${made.secretAccessKey}`
  return (
    <Stack gap="md">
      {/* What was focused is gone with the form; a button here would be pressed by the key that sent it. */}
      <Text role="status" tabIndex={-1} ref={focusOnce}>
        <strong>Copy the secret now: it is shown this once.</strong> Lockstep keeps it to check signatures and tells it
        to nobody again. Lost, it is replaced by a new key.
      </Text>
      <dl className="facts">
        <dt>Access key</dt>
        <dd>
          <Copyable text={made.accessKeyId} what="the access key" />
        </dd>
        <dt>Secret key</dt>
        <dd>
          <Copyable text={made.secretAccessKey} what="the secret key" />
        </dd>
        <dt>May</dt>
        <dd>{grantText(made)}</dd>
        {made.expiresAt !== null && (
          <>
            <dt>Until</dt>
            <dd>{formatInstant(made.expiresAt)}</dd>
          </>
        )}
      </dl>
      <Group justify="flex-end">
        <CopyAction text={both} label="Copy both as environment variables">
          Copy both as environment variables
        </CopyAction>
        <Button onClick={onDone}>I have copied it</Button>
      </Group>
    </Stack>
  )
}

const focusOnce = (element: HTMLElement | null): void => element?.focus()
