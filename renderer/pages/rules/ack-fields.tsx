import { Grid, Group, Text } from '@mantine/core'
import { Field } from '../../components/form-field.tsx'
import { ackPolicies, lateText, policyTitle, promiseOf, readsOf } from '../../text/ack.ts'
import type { AckPolicy } from '../../../shared/model/rule.ts'
import type { RuleForm } from './rule-form-values.ts'

/** What clients of the gateway are promised, each choice with what it means for them and for a disaster. */
export function AckFields({ form }: { readonly form: RuleForm }) {
  const { ackPolicy, ackSeconds, ackOnTimeout, ackReads } = form.values
  const targets = form.values.targets.length
  const { success, lost } = promiseOf(ackPolicy, targets)
  const seconds = Number(ackSeconds)
  const late =
    ackSeconds === '' || !(seconds > 0)
      ? null
      : lateText({ policy: ackPolicy, onTimeout: ackOnTimeout, timeoutMs: Math.round(seconds * 1000) }, targets)
  return (
    <Grid gap="lg">
      <Grid.Col span={6}>
        <Field
          form={form}
          name="ackPolicy"
          kind="choice"
          label="When a write counts as done"
          description="For writes through the gateway. What is written to the source directly is always asynchronous."
          data={choicesFor(targets, ackPolicy).map((value) => ({ value, label: policyTitle(value) }))}
        />
        {ackPolicy !== 'async' && (
          <Group gap="sm" mt="sm" align="flex-start" wrap="nowrap">
            <Field form={form} name="ackSeconds" kind="number" width={150} label="Wait (seconds)" min={0.1} max={600} />
            <div style={{ flex: 1 }}>
              <Field
                form={form}
                name="ackOnTimeout"
                kind="choice"
                label="and then"
                data={[
                  { value: 'fail', label: 'fail: tell the client' },
                  { value: 'degrade', label: 'degrade: go on as asynchronous' },
                ]}
              />
            </div>
          </Group>
        )}
        <div style={{ marginTop: 'var(--mantine-spacing-sm)' }}>
          <Field
            form={form}
            name="ackReads"
            kind="choice"
            label="Where objects are read"
            description="For reads through the gateway."
            data={[
              { value: 'source', label: 'source: the targets only while it is away' },
              { value: 'quorum', label: 'quorum: several copies, the newest wins' },
            ]}
          />
        </div>
      </Grid.Col>
      <Grid.Col span={6}>
        <div role="status" className="promise">
          <Text size="sm">{success}</Text>
          <Text size="sm">{lost}</Text>
          {late !== null && <Text size="sm">{late}</Text>}
          <Text size="sm">{readsOf({ policy: ackPolicy, onTimeout: ackOnTimeout, reads: ackReads }, targets)}</Text>
        </div>
      </Grid.Col>
    </Grid>
  )
}

/** With one target, “one”, “majority” and “all” promise the same: one of them is enough to choose from. */
function choicesFor(targets: number, chosen: AckPolicy): readonly AckPolicy[] {
  if (targets > 1) return ackPolicies
  return ['async', chosen === 'async' ? 'all' : chosen]
}
