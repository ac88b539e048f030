import { Button, Group, Modal, Radio, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { GatewayAccess, NewGatewayKey } from '../../../shared/model/gateway.ts'
import { bucketName } from '../../../shared/model/rule.ts'
import { CopyAction, Copyable } from '../../components/copyable.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { useConsole } from '../../console-parts.ts'
import { grantWords } from '../../words/gateway-words.ts'
import { tellError } from '../../words/told.ts'

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
      size={560}
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

interface KeyFormProps {
  readonly siteId: string
  readonly onMade: (made: NewGatewayKey) => void
  readonly onCancel: () => void
}

function KeyForm({ siteId, onMade, onCancel }: KeyFormProps) {
  const { client, queries } = useConsole()
  const queryClient = useQueryClient()
  const offered = useQuery({ ...queries.buckets(siteId), enabled: siteId !== '' })
  const [label, setLabel] = useState('')
  const [buckets, setBuckets] = useState<string[]>([])
  const [access, setAccess] = useState<GatewayAccess>('readWrite')
  const [tried, setTried] = useState(false)
  const create = useMutation({
    mutationFn: () => client.gateway.keys.create.mutate({ label, buckets, access }),
    // The answer holds the secret: it must not stay in a cache.
    gcTime: 0,
    onSuccess: (made) => {
      onMade(made)
      void queryClient.invalidateQueries({ queryKey: ['gateway'] })
    },
  })
  const wrong = buckets.find((name) => !bucketName.safeParse(name).success)
  const problems = {
    label: label.trim() === '' ? 'The name is empty: use one that tells the client, such as backup.' : null,
    buckets:
      wrong === undefined ? null : `“${wrong}” does not fit: use 3–63 lower-case letters, digits, dots and dashes.`,
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (problems.label === null && problems.buckets === null) create.mutate()
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Client"
          description="A name for you to know it by. One key for each client can be revoked without the others."
          maxLength={80}
          autoComplete="off"
          data-autofocus
          value={label}
          error={tried ? problems.label : null}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        <TagsInput
          label="Buckets"
          description="Choose or type names, each with Enter. None means every bucket."
          placeholder={buckets.length === 0 ? 'every bucket' : ''}
          data={(offered.data ?? []).map(({ name }) => name)}
          value={buckets}
          error={tried ? problems.buckets : null}
          onChange={setBuckets}
          acceptValueOnBlur
          maxDropdownHeight={132}
        />
        <Radio.Group label="It may" value={access} onChange={(value) => setAccess(value)}>
          <Stack gap="xs" mt={4}>
            <Radio value="readWrite" label="Read and write" description="Put, copy, delete, tag and lock objects too" />
            <Radio value="read" label="Read only" description="List and get objects; every change is refused" />
          </Stack>
        </Radio.Group>
        {create.isError && <ToldNote told={tellError(create.error)} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create the key
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Secret({ made, onDone }: { readonly made: NewGatewayKey; readonly onDone: () => void }) {
  const both = `AWS_ACCESS_KEY_ID=${made.accessKeyId}\nAWS_SECRET_ACCESS_KEY=${made.secretAccessKey}`
  return (
    <Stack gap="md">
      <Text role="status">
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
        <dd>{grantWords(made)}</dd>
      </dl>
      <Group justify="flex-end">
        <CopyAction text={both} label="Copy both as environment variables">
          Copy both as environment variables
        </CopyAction>
        <Button onClick={onDone} data-autofocus>
          I have copied it
        </Button>
      </Group>
    </Stack>
  )
}
