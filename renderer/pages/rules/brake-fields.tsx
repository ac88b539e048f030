import { Group, Stack } from '@mantine/core'
import { Field } from '../../components/form-field.tsx'
import type { RuleForm } from './rule-form-values.ts'

/** When a burst stops the rule and asks. */
export function BrakeFields({ form }: { readonly form: RuleForm }) {
  return (
    <Stack gap="md">
      <div>
        <Field
          form={form}
          name="brake"
          kind="switch"
          label="Brake for deletes"
          description="A burst of deletes stops the rule and asks you, before the target is emptied too."
        />
        {form.values.brake && <DeleteLimits form={form} />}
      </div>
      <div>
        <Field
          form={form}
          name="overwriteBrake"
          kind="switch"
          label="Brake for overwrites"
          description="Stops the rule when text, office files or pictures are overwritten by what looks encrypted, also under new names."
        />
        {form.values.overwriteBrake && <OverwriteLimits form={form} />}
      </div>
    </Stack>
  )
}

function DeleteLimits({ form }: { readonly form: RuleForm }) {
  return (
    <Group gap="sm" mt={8} ml={46} align="flex-start">
      <Field form={form} name="brakeCount" kind="number" width={150} label="More than (deletes)" min={1} />
      <Field
        form={form}
        name="brakePercent"
        kind="number"
        width={230}
        label="and more than (% of changes)"
        min={0}
        max={100}
      />
      <Field
        form={form}
        name="brakeBucketPercent"
        kind="number"
        width={230}
        label="or more than (% of the bucket)"
        min={0}
        max={100}
      />
      <Field form={form} name="brakeMinutes" kind="number" width={150} label="within (minutes)" min={1} />
    </Group>
  )
}

function OverwriteLimits({ form }: { readonly form: RuleForm }) {
  return (
    <Group gap="sm" mt={8} ml={46} align="flex-start">
      <Field form={form} name="overwriteCount" kind="number" width={150} label="More than (objects)" min={1} />
      <Field
        form={form}
        name="overwriteBucketPercent"
        kind="number"
        width={230}
        label="or more than (% of the bucket)"
        min={0}
        max={100}
      />
      <Field form={form} name="overwriteMinutes" kind="number" width={150} label="within (minutes)" min={1} />
    </Group>
  )
}
