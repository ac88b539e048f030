import { ActionIcon, Button, Group, Select, Stack, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { ruleOf, type Rule, type RuleView } from '../../../shared/model/rule.ts'
import { Panel } from '../../components/page.tsx'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { placeOf } from '../../text/link.ts'
import type { RuleForm } from './rule-form-values.ts'
import { RuleFields } from './rule-fields.tsx'
import { readRuleForm, valuesOf, type RuleFormValues } from './rule-form-values.ts'

const mostTargets = 8

/** The same form as in the wizard, over a rule that exists. */
export function RuleEdit({ rule, onClose }: { readonly rule: RuleView; readonly onClose: () => void }) {
  const { client } = useConsole()
  const form = useForm<RuleFormValues>({ initialValues: valuesOf(ruleOf(rule)) })
  const save = useAction(
    (changed: Rule) => client.rules.update.mutate(changed),
    (view) => `The rule ${view.id} was changed.`,
  )
  const submit = () => {
    const read = readRuleForm(form.values)
    if (read.errors !== null) form.setErrors(read.errors)
    else save.mutate(read.rule, { onSuccess: onClose })
  }
  return (
    <Panel title="Edit the rule">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <Stack>
          <Targets form={form} />
          <RuleFields form={form} existing />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save the rule
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  )
}

function Targets({ form }: { readonly form: RuleForm }) {
  const { queries } = useConsole()
  const sites = useQuery(queries.sites)
  const siteChoices = (sites.data ?? []).map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <Title order={3} mb={6}>
        Source: {placeOf(form.values.source)}
      </Title>
      <Stack gap={6}>
        {form.values.targets.map((target, index) => (
          // Targets have no id of their own: the place in the list is what a link is named by.
          // oxlint-disable-next-line react/no-array-index-key
          <Group key={index} gap="sm" align="flex-end">
            <Select
              w={240}
              label={`Target ${index + 1}: site`}
              data={siteChoices}
              value={target.site}
              onChange={(site) => form.setFieldValue(`targets.${index}.site`, site ?? '')}
            />
            <TextInput
              w={240}
              label={`Target ${index + 1}: bucket`}
              value={target.bucket}
              onChange={(event) => form.setFieldValue(`targets.${index}.bucket`, event.currentTarget.value)}
            />
            {form.values.targets.length > 1 && (
              <ActionIcon
                size="lg"
                aria-label={`Remove target ${index + 1}, ${placeOf(target)}, from the rule`}
                onClick={() => form.removeListItem('targets', index)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Group>
        ))}
        {form.errors.targets && (
          <div role="alert" className="tone-text" data-tone="bad">
            {form.errors.targets}
          </div>
        )}
        {form.values.targets.length < mostTargets && (
          <Button
            variant="default"
            style={{ alignSelf: 'flex-start' }}
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() =>
              form.insertListItem('targets', { site: siteChoices[0]?.value ?? '', bucket: form.values.source.bucket })
            }
          >
            Add a target
          </Button>
        )}
      </Stack>
    </fieldset>
  )
}
