import { Button, Group, Modal, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import type { SiteView } from '../../../shared/model/site.ts'
import { ToldNote } from '../../components/told-note.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import type { Client } from '../../transport.ts'
import { tellError } from '../../text/told.ts'
import { SiteFields } from './site-fields.tsx'
import {
  emptySiteValues,
  readChangedSite,
  readNewSite,
  siteValuesOf,
  type SiteFormErrors,
  type SiteFormValues,
} from './site-form-values.ts'

interface SiteEditorProps {
  /** null adds a site. */
  readonly site: SiteView | null
  readonly opened: boolean
  readonly onClose: () => void
}

export function SiteEditor({ site, opened, onClose }: SiteEditorProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={680}
      title={site === null ? 'Add a site' : `Edit ${site.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <SiteEditorForm
        site={site}
        onCancel={onClose}
        onSaved={onClose}
        save={site === null ? 'Add the site' : 'Save the site'}
      />
    </Modal>
  )
}

interface SiteEditorFormProps {
  readonly site: SiteView | null
  readonly save: string
  readonly onSaved: (site: SiteView) => void
  readonly onCancel: (() => void) | null
  /** What was typed before, and who keeps what is typed now: the wizard remembers it on the way back. */
  readonly typed?: SiteFormValues | undefined
  readonly onTyped?: ((values: SiteFormValues) => void) | undefined
}

/** Adds or changes a site; a refusal stays beside the fields that caused it. */
export function SiteEditorForm({ site, save, onSaved, onCancel, typed, onTyped }: SiteEditorFormProps) {
  const { client, queries } = useConsole()
  const sites = useQuery(queries.sites)
  const form = useForm<SiteFormValues>({
    initialValues: typed ?? (site === null ? emptySiteValues : siteValuesOf(site)),
    onValuesChange: (values) => onTyped?.(values),
  })
  const send = useAction(
    (ask: () => Promise<SiteView>) => ask(),
    (saved) => `${saved.name} is saved.`,
  )
  const taken = (sites.data ?? []).map(({ id }) => id)
  const submit = () => {
    const ask = site === null ? create(client, form.values, taken) : update(client, form.values, site.id)
    if (ask.errors !== null) return form.setErrors(ask.errors)
    return send.mutate(ask.send, {
      onSuccess: (saved) => {
        // The secret leaves the screen's memory as soon as the engine has it.
        form.setValues({ accessKeyId: '', secretAccessKey: '' })
        onSaved(saved)
      },
    })
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
        <SiteFields form={form} keysKept={site !== null} />
        {send.isError && <ToldNote told={tellError(send.error)} />}
        <Group justify="flex-end">
          {onCancel && (
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button type="submit" loading={send.isPending}>
            {save}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

type Submission =
  | { readonly send: () => Promise<SiteView>; readonly errors: null }
  | { readonly send: null; readonly errors: SiteFormErrors }

function create(client: Client, values: SiteFormValues, taken: readonly string[]): Submission {
  const read = readNewSite(values, taken)
  if (read.errors !== null) return { send: null, errors: read.errors }
  return { send: () => client.sites.create.mutate(read.site), errors: null }
}

function update(client: Client, values: SiteFormValues, id: string): Submission {
  const read = readChangedSite(values, id)
  if (read.errors !== null) return { send: null, errors: read.errors }
  return { send: () => client.sites.update.mutate(read.site), errors: null }
}
