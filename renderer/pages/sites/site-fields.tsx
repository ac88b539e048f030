import { Checkbox, Grid, Group, PasswordInput, Radio, Select, Stack, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { SiteFormValues } from './site-form-values.ts'

export type SiteForm = UseFormReturnType<SiteFormValues>

/** The fields of a site. Keys go in and never come back: `keysKept` says that empty fields leave them as they are. */
export function SiteFields({ form, keysKept }: { readonly form: SiteForm; readonly keysKept: boolean }) {
  return (
    <Stack gap="md" className="form">
      <Grid gap="md">
        <Grid.Col span={{ base: 12, sm: 5 }}>
          <TextInput label="Name" placeholder="Berlin" autoComplete="off" {...form.getInputProps('name')} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 7 }}>
          <TextInput
            label="Endpoint"
            placeholder="https://s3.example.org:9000"
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps('endpoint')}
          />
        </Grid.Col>
      </Grid>
      <Keys form={form} keysKept={keysKept} />
      <details className="fold" open={Boolean(form.errors.region) || undefined}>
        <summary>Advanced</summary>
        <Advanced form={form} />
      </details>
    </Stack>
  )
}

function Keys({ form, keysKept }: { readonly form: SiteForm; readonly keysKept: boolean }) {
  const kept = keysKept ? 'Leave both empty to keep the present keys.' : undefined
  return (
    <Stack gap="sm">
      <Radio.Group label="Keys" {...form.getInputProps('keysFrom')}>
        <Group gap="lg" mt={4}>
          <Radio value="typed" label="Enter them; they are kept encrypted" />
          <Radio value="environment" label="Read them from environment variables" />
        </Group>
      </Radio.Group>
      {form.values.keysFrom === 'typed' ? (
        <Grid gap="md">
          <Grid.Col span={6}>
            <TextInput
              label="Access key"
              description={kept}
              autoComplete="off"
              spellCheck={false}
              {...form.getInputProps('accessKeyId')}
            />
          </Grid.Col>
          <Grid.Col span={6}>
            <PasswordInput
              label="Secret key"
              description={keysKept ? 'It is never shown again.' : undefined}
              autoComplete="off"
              {...form.getInputProps('secretAccessKey')}
            />
          </Grid.Col>
        </Grid>
      ) : (
        <TextInput
          label="Start of the variables’ names"
          description="SITE_A reads SITE_A_ACCESS_KEY_ID and SITE_A_SECRET_ACCESS_KEY."
          {...form.getInputProps('env')}
        />
      )}
    </Stack>
  )
}

function Advanced({ form }: { readonly form: SiteForm }) {
  return (
    <Grid gap="md" mt={4}>
      <Grid.Col span={6}>
        <TextInput
          label="Region"
          description="What the server expects in signatures."
          {...form.getInputProps('region')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <Select
          label="Addresses of buckets"
          description="Most servers of one’s own use the first."
          data={[
            { value: 'path', label: 'host/bucket/key' },
            { value: 'host', label: 'bucket.host/key' },
          ]}
          value={form.values.pathStyle ? 'path' : 'host'}
          onChange={(value) => form.setFieldValue('pathStyle', value === 'path')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <TextInput
          label="CA file"
          description="For a certificate of your own authority: the path of its PEM file."
          {...form.getInputProps('caFile')}
        />
      </Grid.Col>
      <Grid.Col span={6}>
        <Checkbox
          mt={26}
          label="Accept any certificate"
          description="Anyone on the way can then read and change everything. Only to try things out."
          {...form.getInputProps('insecureSkipVerify', { type: 'checkbox' })}
        />
      </Grid.Col>
    </Grid>
  )
}
