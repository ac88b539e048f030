import { Grid, Group, NumberInput, Select, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { RuleFormValues } from './rule-form-values.ts'

export type RuleForm = UseFormReturnType<RuleFormValues>

interface RuleFieldsProps {
  readonly form: RuleForm
  /** A rule keeps its id for life. */
  readonly idFixed: boolean
}

/** The fields of a rule, each with what it means in plain words; what seldom changes is folded. */
export function RuleFields({ form, idFixed }: RuleFieldsProps) {
  const folded = ['priority', 'tags', 'storageClass', 'brakeCount', 'brakePercent', 'brakeMinutes', 'scanSeconds']
  return (
    <Stack gap="md" className="form">
      <Grid gap="lg">
        <Grid.Col span={6}>
          <TextInput
            label="Name of the rule"
            description="Lower-case letters, digits and dashes. It cannot be changed later."
            disabled={idFixed}
            {...form.getInputProps('id')}
          />
        </Grid.Col>
        <Grid.Col span={6}>
          <Bandwidth form={form} />
        </Grid.Col>
        <Grid.Col span={6}>
          <TextInput
            label="Only keys that start with"
            description="Empty means every key."
            placeholder="photos/2026/"
            {...form.getInputProps('prefix')}
          />
        </Grid.Col>
        <Grid.Col span={6}>
          <Textarea
            label="Leave out keys like"
            description="One pattern a line: * stands for a run without /, ** for any run."
            placeholder="**/*.tmp"
            autosize
            minRows={1}
            maxRows={6}
            {...form.getInputProps('exclude')}
          />
        </Grid.Col>
      </Grid>
      <Stack gap="sm">
        <Switch
          label="Copy what is there already"
          description="All versions that the source holds at the start. Off: only changes from then on."
          {...form.getInputProps('existingObjects', { type: 'checkbox' })}
        />
        <Switch
          label="Repeat deletes"
          description="A deleted object is deleted at the target too; its older versions stay."
          {...form.getInputProps('deleteMarkers', { type: 'checkbox' })}
        />
        <Switch
          label="Repeat permanent deletes of single versions"
          description="What is gone for good at the source is gone for good at the target. Off keeps a way back."
          {...form.getInputProps('versionDeletes', { type: 'checkbox' })}
        />
        <Switch
          label="Keep tags and metadata in step"
          description="Later changes of tags and metadata of copied versions follow too."
          {...form.getInputProps('metadata', { type: 'checkbox' })}
        />
        <Brake form={form} />
      </Stack>
      <details className="fold" open={folded.some((name) => form.errors[name]) || undefined}>
        <summary>Advanced</summary>
        <Advanced form={form} />
      </details>
    </Stack>
  )
}

function Bandwidth({ form }: { readonly form: RuleForm }) {
  return (
    <Group gap={6} align="flex-end" wrap="nowrap">
      <NumberInput
        style={{ flex: 1 }}
        label="Bandwidth limit"
        description="Empty means no limit."
        min={0}
        {...form.getInputProps('bandwidth')}
      />
      <Select
        w={100}
        aria-label="Unit of the bandwidth limit"
        data={[
          { value: 'KiB', label: 'KiB/s' },
          { value: 'MiB', label: 'MiB/s' },
        ]}
        {...form.getInputProps('bandwidthUnit')}
      />
    </Group>
  )
}

function Brake({ form }: { readonly form: RuleForm }) {
  return (
    <div>
      <Switch
        label="Brake for deletes"
        description="A burst of deletes stops the rule and asks you, before the target is emptied too."
        {...form.getInputProps('brake', { type: 'checkbox' })}
      />
      {form.values.brake && (
        <Group gap="sm" mt={8} ml={46} align="flex-start">
          <NumberInput w={150} label="More than (deletes)" min={1} {...form.getInputProps('brakeCount')} />
          <NumberInput
            w={230}
            label="and more than (% of changes)"
            min={0}
            max={100}
            {...form.getInputProps('brakePercent')}
          />
          <NumberInput w={150} label="within (minutes)" min={1} {...form.getInputProps('brakeMinutes')} />
        </Group>
      )}
    </div>
  )
}

function Advanced({ form }: { readonly form: RuleForm }) {
  return (
    <Grid gap="lg" mt={4}>
      <Grid.Col span={6}>
        <NumberInput
          label="Priority"
          description="0 to 1000; higher goes first when workers are short."
          min={0}
          max={1000}
          {...form.getInputProps('priority')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <NumberInput
          label="Compare both sides every (seconds)"
          description="The safety net behind the event stream; 5 to 604,800."
          min={5}
          max={604_800}
          {...form.getInputProps('scanSeconds')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <Textarea
          label="Only objects with these tags"
          description="One key=value a line; all must be there."
          autosize
          minRows={1}
          {...form.getInputProps('tags')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <TextInput
          label="Storage class at the target"
          description="Empty keeps the source’s where the target has it."
          placeholder="STANDARD_IA"
          {...form.getInputProps('storageClass')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <Select
          label="Object lock"
          description="Retention and legal hold of the source’s versions."
          data={[
            { value: 'replicate', label: 'Set them at the target too' },
            { value: 'ignore', label: 'Ignore them' },
          ]}
          {...form.getInputProps('objectLock')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <Text size="sm" fw={500}>
          When a write counts as done
        </Text>
        <Text size="sm" c="dimmed">
          As soon as the source has it. The copy to the target follows at once.
        </Text>
      </Grid.Col>
    </Grid>
  )
}
