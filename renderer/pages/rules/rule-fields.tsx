import { Grid, Group, Select, Stack } from '@mantine/core'
import { Field } from '../../components/form-field.tsx'
import { AckFields } from './ack-fields.tsx'
import { BrakeFields } from './brake-fields.tsx'
import type { RuleForm } from './rule-form-values.ts'

interface RuleFieldsProps {
  readonly form: RuleForm
  /** A rule that exists keeps its id for life, and can be switched off. */
  readonly existing: boolean
}

const folded = [
  'priority',
  'tags',
  'storageClass',
  'kmsKeyId',
  'sseCKeys',
  'scanSeconds',
  'attributePerSecond',
] as const

/** The fields of a rule, each with what it means in plain words; what seldom changes is folded. */
export function RuleFields({ form, existing }: RuleFieldsProps) {
  return (
    <Stack gap="md" className="form">
      {existing && (
        <Field
          form={form}
          name="enabled"
          kind="switch"
          label="The rule is on"
          description="Off: changes are not even noticed; a scan finds them when it is on again. To hold it for a while, pause it."
        />
      )}
      <Grid gap="lg">
        <Field
          form={form}
          name="id"
          span={6}
          label="Name of the rule"
          description={
            existing ? 'It cannot be changed.' : 'Lower-case letters, digits and dashes. It cannot be changed later.'
          }
          disabled={existing}
        />
        <Grid.Col span={6}>
          <Bandwidth form={form} />
        </Grid.Col>
        <Field
          form={form}
          name="prefix"
          span={6}
          label="Only keys that start with"
          description="Empty means every key."
          placeholder="photos/2026/"
        />
        <Field
          form={form}
          name="exclude"
          kind="lines"
          span={6}
          label="Leave out keys like"
          description="One pattern a line: * stands for a run without /, ** for any run."
          placeholder="**/*.tmp"
        />
      </Grid>
      <Stack gap="sm">
        <Field
          form={form}
          name="existingObjects"
          kind="switch"
          label="Copy what is there already"
          description="All versions that the source holds at the start. Off: only changes from then on."
        />
        <Field
          form={form}
          name="deleteMarkers"
          kind="switch"
          label="Repeat deletes"
          description="A deleted object is deleted at the target too; its older versions stay."
        />
        <Field
          form={form}
          name="versionDeletes"
          kind="switch"
          label="Repeat permanent deletes of single versions"
          description="What is gone for good at the source is gone for good at the target. Off keeps a way back."
        />
        <Field
          form={form}
          name="metadata"
          kind="switch"
          label="Keep tags and metadata in step"
          description="Later changes of tags and metadata of copied versions follow too."
        />
        <BrakeFields form={form} />
      </Stack>
      <AckFields form={form} />
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
      <div style={{ flex: 1 }}>
        <Field
          form={form}
          name="bandwidth"
          kind="number"
          label="Bandwidth limit"
          description="Empty means no limit."
          min={0}
        />
      </div>
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

function Advanced({ form }: { readonly form: RuleForm }) {
  return (
    <Grid gap="lg" mt={4}>
      <WhenFields form={form} />
      <WhichFields form={form} />
      <KeptFields form={form} />
      <Field
        form={form}
        name="onTargetWrites"
        kind="choice"
        span={6}
        label="Objects that others wrote at the target"
        description="Looked for when the rule is started or resumed, and by every scan. While it runs, what is found on top of a copy is counted and named until you decide."
        data={[
          { value: 'stop', label: 'Stop and ask before covering them' },
          { value: 'cover', label: 'Cover them; they stay as older versions' },
        ]}
      />
    </Grid>
  )
}

/** Which rule goes first, and how often it looks. */
function WhenFields({ form }: { readonly form: RuleForm }) {
  return (
    <>
      <Field
        form={form}
        name="priority"
        kind="number"
        span={6}
        label="Priority"
        description="0 to 1000; higher goes first when workers are short."
        min={0}
        max={1000}
      />
      <Field
        form={form}
        name="scanSeconds"
        kind="number"
        span={6}
        label="Compare both sides every (seconds)"
        description="The safety net behind the event stream; 5 to 604,800."
        min={5}
        max={604_800}
      />
      <Field
        form={form}
        name="attributePass"
        kind="choice"
        span={6}
        label="Compare tags and locks again"
        description="Round after round over all versions, for changes of which no event told."
        data={[
          { value: 'auto', label: '5 versions a second, or 1 where events tell' },
          { value: 'chosen', label: 'At the rate beside' },
          { value: 'off', label: 'Never; a resync finds them' },
        ]}
      />
      <Field
        form={form}
        name="attributePerSecond"
        kind="number"
        span={6}
        label="Versions a second"
        description="1 to 1000, two requests each; counts when a rate is chosen."
        min={1}
        max={1000}
      />
    </>
  )
}

/** Which objects go, and into which class. */
function WhichFields({ form }: { readonly form: RuleForm }) {
  return (
    <>
      <Field
        form={form}
        name="tags"
        kind="lines"
        span={6}
        label="Only objects with these tags"
        description="One key=value a line; all must be there."
        placeholder="keep=yes"
      />
      <Field
        form={form}
        name="storageClass"
        span={6}
        label="Storage class at the target"
        description="Empty keeps the source’s where the target has it."
        placeholder="STANDARD_IA"
      />
    </>
  )
}

/** What of an object is kept at the target besides its bytes. */
function KeptFields({ form }: { readonly form: RuleForm }) {
  return (
    <>
      <Field
        form={form}
        name="objectLock"
        kind="choice"
        span={6}
        label="Object lock"
        description="Retention and legal hold of the source’s versions."
        data={[
          { value: 'replicate', label: 'Set them at the target too' },
          { value: 'ignore', label: 'Ignore them' },
        ]}
      />
      <Field
        form={form}
        name="kmsKeyId"
        span={6}
        label="Key of the target for what is under SSE-KMS"
        description="Empty: objects that the source’s key service encrypts are not copied, and listed as failures."
        placeholder="backup-key"
      />
      <Field
        form={form}
        name="sseCKeys"
        span={6}
        label="Keys for what clients encrypt (SSE-C)"
        description="Names of keys under Settings, with commas between. Their copies are put under the same key; what is under any other is listed as a failure."
        placeholder="archive"
      />
      <Field
        form={form}
        name="refusedTags"
        kind="choice"
        span={6}
        label="Tags that the target refuses"
        description="Some sites take only letters of ASCII and a few signs."
        data={[
          { value: 'stop', label: 'List the object as a failure' },
          { value: 'leave-out', label: 'Copy it without those tags, and count it' },
        ]}
      />
      <Field
        form={form}
        name="shortenGovernance"
        kind="switch"
        span={6}
        label="Shorten governance retention at the target too"
        description="When it was shortened at the source. Needs the right to go past governance retention at the target."
      />
      <Field
        form={form}
        name="acl"
        kind="choice"
        span={6}
        label="Access control lists"
        description="Carrying them asks the source once more for every version. Grants to single users are never carried."
        data={[
          { value: 'leave', label: 'Leave them at the source: copies are private' },
          { value: 'carry', label: 'Grant everyone and signed-in users the same at the target' },
        ]}
      />
    </>
  )
}
