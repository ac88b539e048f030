import { Button, Grid, Group, Stack, TagsInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { GatewayRight } from '../../../shared/model/gateway-rights.ts'
import type { NewGatewayKey } from '../../../shared/model/gateway.ts'
import { ToldNote } from '../../components/told-note.tsx'
import { useConsole } from '../../console-parts.ts'
import { rightsPresets } from '../../text/gateway.ts'
import { tellError } from '../../text/told.ts'
import { grantProblems, lastMomentOf, type GrantValues } from './grant-values.ts'
import { RightsFields } from './rights-fields.tsx'

interface KeyFormProps {
  /** The buckets of this site are offered. */
  readonly siteId: string
  readonly onMade: (made: NewGatewayKey) => void
  readonly onCancel: () => void
}

const fresh: GrantValues = {
  label: '',
  buckets: [],
  prefixes: [],
  rights: rightsPresets.find(({ id }) => id === 'readWrite')!.rights,
  lastDay: '',
}

export function KeyForm({ siteId, onMade, onCancel }: KeyFormProps) {
  const { client, queries, ticker } = useConsole()
  const queryClient = useQueryClient()
  const offered = useQuery({ ...queries.buckets(siteId), enabled: siteId !== '' })
  const [values, setValues] = useState(fresh)
  const [tried, setTried] = useState(false)
  const change = (changed: Partial<GrantValues>): void => setValues({ ...values, ...changed })
  const create = useMutation({
    mutationFn: ({ lastDay, rights, ...rest }: GrantValues) =>
      client.gateway.keys.create.mutate({ ...rest, rights: [...rights], expiresAt: lastMomentOf(lastDay) }),
    // The answer holds the secret: it must not stay in a cache.
    gcTime: 0,
    onSuccess: (made) => {
      onMade(made)
      void queryClient.invalidateQueries({ queryKey: ['gateway'] })
    },
  })
  const problems = grantProblems(values, ticker.now())
  const shown = tried ? problems : {}
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (Object.keys(problems).length === 0) create.mutate(values)
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Client"
          description="A name for you to know it by. One key for each client can be revoked without the others."
          maxLength={80}
          autoComplete="off"
          data-autofocus
          value={values.label}
          error={shown.label}
          onChange={(event) => change({ label: event.currentTarget.value })}
        />
        <RightsFields
          rights={values.rights}
          error={shown.rights}
          onChange={(rights: readonly GatewayRight[]) => change({ rights })}
        />
        <Grid gap="md">
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <TagsInput
              label="Buckets"
              description="Choose or type names, each with Enter. None means every bucket."
              placeholder={values.buckets.length === 0 ? 'every bucket' : ''}
              data={(offered.data ?? []).map(({ name }) => name)}
              value={values.buckets}
              error={shown.buckets}
              onChange={(buckets) => change({ buckets })}
              acceptValueOnBlur
              maxDropdownHeight={132}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <TagsInput
              label="Key prefixes"
              description="Beginnings of keys such as 2026/, each with Enter. None means all keys."
              placeholder={values.prefixes.length === 0 ? 'all keys' : ''}
              value={values.prefixes}
              error={shown.prefixes}
              // A comma may be part of a key.
              splitChars={[]}
              onChange={(prefixes) => change({ prefixes })}
              acceptValueOnBlur
            />
          </Grid.Col>
        </Grid>
        <TextInput
          type="date"
          label="Last day"
          description="From midnight after it, in this computer's time, every request is refused. Empty: it works until it is revoked."
          styles={{ wrapper: { maxWidth: 200 } }}
          value={values.lastDay}
          error={shown.lastDay}
          onChange={(event) => change({ lastDay: event.currentTarget.value })}
        />
        {create.isError && <ToldNote told={tellError(create.error)} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create the key
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
