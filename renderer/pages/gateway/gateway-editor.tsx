import { Button, Grid, Group, Modal, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import type { GatewaySettings } from '../../../shared/model/gateway.ts'
import { Field } from '../../components/form-field.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { exposureOf } from '../../text/gateway.ts'
import { tellError } from '../../text/told.ts'
import { gatewayValuesOf, readGatewayForm, type GatewayFormValues } from './gateway-form-values.ts'

interface GatewayEditorProps {
  readonly settings: GatewaySettings
  readonly save: string
  readonly opened: boolean
  readonly onClose: () => void
}

export function GatewayEditor({ opened, onClose, ...rest }: GatewayEditorProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={640}
      title="Settings of the gateway"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <EditorForm {...rest} onClose={onClose} />
    </Modal>
  )
}

function EditorForm({ settings, save, onClose }: Omit<GatewayEditorProps, 'opened'>) {
  const { client } = useConsole()
  const form = useForm<GatewayFormValues>({ initialValues: gatewayValuesOf(settings) })
  const send = useAction(
    (changed: GatewaySettings) => client.gateway.update.mutate({ settings: changed }),
    ({ state }) => (state.kind === 'listening' ? `The gateway listens on ${state.url}.` : ''),
  )
  const submit = () => {
    const read = readGatewayForm(form.values)
    if (read.errors !== null) form.setErrors(read.errors)
    else send.mutate(read.settings, { onSuccess: onClose })
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="md">
        <GatewayFields form={form} />
        {send.isError && <ToldNote told={tellError(send.error)} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            {save}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function GatewayFields({ form }: { readonly form: ReturnType<typeof useForm<GatewayFormValues>> }) {
  const { queries } = useConsole()
  const sites = useQuery(queries.sites)
  const { listen, certFile, keyFile } = form.values
  return (
    <Grid gap="md">
      <Field
        form={form}
        name="site"
        kind="choice"
        span={6}
        label="In front of the site"
        description="The rules that read from it decide the confirmations."
        data={(sites.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      />
      <Field
        form={form}
        name="listen"
        span={6}
        label="Listens on"
        description="HOST:PORT. Port 0 takes any free one."
        placeholder="127.0.0.1:9000"
      />
      <Grid.Col span={12}>
        <Text size="sm" role="status">
          {exposureOf(listen.trim(), certFile.trim() !== '' && keyFile.trim() !== '')}
        </Text>
      </Grid.Col>
      <Field
        form={form}
        name="certFile"
        span={6}
        label="TLS certificate"
        description="Path of a PEM file; empty speaks plain HTTP."
      />
      <Field form={form} name="keyFile" span={6} label="Its key" description="Path of a PEM file." />
      <Field
        form={form}
        name="hostnames"
        kind="lines"
        span={12}
        label="Host names for bucket.host addresses"
        description="One a line: with s3.example.org, photos.s3.example.org is the bucket photos. Empty: host/bucket/key only."
      />
    </Grid>
  )
}
