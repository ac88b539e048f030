import { Button, Group, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useEffect } from 'react'
import type { Settings } from '../../../shared/api/engine-api.ts'
import { Field } from '../../components/form-field.tsx'
import { Panel } from '../../components/page.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'

interface WorkerValues {
  limit: string | number
  large: string | number
  threads: string | number
}

const valuesOf = (workers: Settings['workers']): WorkerValues => ({ ...workers, threads: workers.threads ?? '' })

const between = (least: number, most: number) => (value: string | number) =>
  value !== '' && Number.isInteger(Number(value)) && Number(value) >= least && Number(value) <= most
    ? null
    : `“${value}” does not fit: use a whole number from ${least} to ${most}.`

export function WorkersPanel({ workers }: { readonly workers: Settings['workers'] }) {
  const { client } = useConsole()
  const form = useForm<WorkerValues>({
    initialValues: valuesOf(workers),
    validate: {
      limit: between(1, 1000),
      large: between(1, 100),
      threads: (value) => (value === '' ? null : between(1, 16)(value)),
    },
  })
  const { limit, large, threads } = workers
  // Settings changed elsewhere appear here; the form's functions are stable.
  useEffect(() => {
    const values = valuesOf({ limit, large, threads })
    form.setInitialValues(values)
    form.setValues(values)
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [limit, large, threads])
  const save = useAction(
    (values: WorkerValues) =>
      client.settings.update.mutate({
        workers: {
          limit: Number(values.limit),
          large: Number(values.large),
          threads: values.threads === '' ? null : Number(values.threads),
        },
      }),
    () => 'The workers were changed.',
  )
  return (
    <Panel title="Workers">
      <form noValidate onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Group gap="md" align="flex-start">
          <Field
            form={form}
            name="limit"
            kind="number"
            width={220}
            label="Objects at one time"
            description="1 to 1,000; fewer at slow sites."
            min={1}
            max={1000}
          />
          <Field
            form={form}
            name="large"
            kind="number"
            width={220}
            label="Large ones at one time"
            description="1 to 100; large is 128 MiB and more."
            min={1}
            max={100}
          />
          <Field
            form={form}
            name="threads"
            kind="number"
            width={220}
            label="Threads"
            description="1 to 16; empty goes by the processor."
            placeholder="by the processor"
            min={1}
            max={16}
          />
        </Group>
        <Group mt="md" gap="sm">
          <Button type="submit" disabled={!form.isDirty()} loading={save.isPending}>
            Save the workers
          </Button>
          {form.isDirty() && <Text c="dimmed">Not saved yet</Text>}
        </Group>
      </form>
    </Panel>
  )
}
