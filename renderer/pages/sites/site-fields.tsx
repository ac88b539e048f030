import { Grid, Group, Radio, Select, Stack } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { Field } from '../../components/form-field.tsx'
import type { SiteFormValues } from './site-form-values.ts'

export type SiteForm = UseFormReturnType<SiteFormValues>

/** The fields of a site. Keys go in and never come back: `keysKept` says that empty fields leave them as they are. */
export function SiteFields({ form, keysKept }: { readonly form: SiteForm; readonly keysKept: boolean }) {
  return (
    <Stack gap="md" className="form">
      <Grid gap="md">
        <Field form={form} name="name" span={{ base: 12, sm: 5 }} label="Name" placeholder="Berlin" />
        <Field
          form={form}
          name="endpoint"
          span={{ base: 12, sm: 7 }}
          label="Endpoint"
          placeholder="https://s3.example.org:9000"
        />
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
          <Field
            form={form}
            name="accessKeyId"
            span={6}
            label="Access key"
            description={keysKept ? 'Leave both empty to keep the present keys.' : undefined}
          />
          <Field
            form={form}
            name="secretAccessKey"
            kind="secret"
            span={6}
            label="Secret key"
            description={keysKept ? 'It is never shown again.' : undefined}
          />
        </Grid>
      ) : (
        <Field
          form={form}
          name="env"
          label="Start of the variables’ names"
          description="SITE_A reads SITE_A_ACCESS_KEY_ID and SITE_A_SECRET_ACCESS_KEY."
        />
      )}
    </Stack>
  )
}

function Advanced({ form }: { readonly form: SiteForm }) {
  return (
    <Grid gap="md" mt={4}>
      <Field form={form} name="region" span={6} label="Region" description="What the server expects in signatures." />
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
      <Field
        form={form}
        name="caFile"
        span={6}
        label="CA file"
        description="For a certificate of your own authority: the path of its PEM file."
      />
      <Grid.Col span={6} pt={26}>
        <Field
          form={form}
          name="insecureSkipVerify"
          kind="tick"
          label="Accept any certificate"
          description="Anyone on the way can then read and change everything. Only to try things out."
        />
      </Grid.Col>
    </Grid>
  )
}
