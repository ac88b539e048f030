import { Button, Group, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'
import type { HeldCause } from '../../shared/model/sync-state.ts'
import { heldTitle } from '../../shared/text/held.ts'
import { useConsole } from '../console-parts.ts'
import { countOf } from '../text/format.ts'
import { Age } from './times.tsx'
import { useAction } from './use-action.ts'

const namedRules = 4

/** What holds rules: each cause once, however many rules it holds, with what to do about it. */
export function HeldNotes({ held }: { readonly held: readonly HeldCause[] }) {
  return held.map((cause) => <HeldNote key={cause.id} cause={cause} />)
}

function HeldNote({ cause }: { readonly cause: HeldCause }) {
  const { client } = useConsole()
  const look = useAction(
    (ruleId: string | null) => client.rules.lookAgain.mutate({ ruleId }),
    ({ title }) => `Started: ${title}. Jobs tells what was found.`,
  )
  const title = heldTitle(cause)
  return (
    <section className="note" data-tone="bad" aria-label={title}>
      <Text fw={600} c="var(--bad)" className="wrap">
        {title}
      </Text>
      <Text className="wrap">
        <HeldRules cause={cause} /> for <Age of={cause.since} />.
      </Text>
      <Text className="wrap">
        {cause.ruleIds.length > 1 && 'The first: '}
        {cause.reason}
      </Text>
      <Text className="wrap" c="dimmed">
        {cause.remedy}
      </Text>
      <Group gap="sm" mt={8}>
        <Button
          color="red.8"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={look.isPending}
          onClick={() => look.mutate(cause.ruleIds.length === 1 ? cause.ruleIds[0]! : null)}
        >
          Look again now
        </Button>
        <UseRegion cause={cause} />
      </Group>
    </section>
  )
}

/** The site itself named another region: taken with one click. */
function UseRegion({ cause: { code, siteId, siteName, elsewhere } }: { readonly cause: HeldCause }) {
  const { client } = useConsole()
  const region = elsewhere?.region ?? null
  const use = useAction(
    (given: { readonly id: string; readonly region: string }) => client.sites.setRegion.mutate(given),
    (site) => `${site.name} signs for region ${site.region} from now on.`,
  )
  if (code !== 'REGION_WRONG' || siteId === null || region === null) return null
  return (
    <Button variant="default" loading={use.isPending} onClick={() => use.mutate({ id: siteId, region })}>
      Use region {region} for {siteName ?? siteId}
    </Button>
  )
}

function HeldRules({ cause: { ruleIds } }: { readonly cause: HeldCause }) {
  const more = ruleIds.length - namedRules
  return (
    <>
      {countOf(ruleIds.length, 'rule is', 'rules are')} held:{' '}
      {ruleIds.slice(0, namedRules).map((ruleId, index) => (
        <Fragment key={ruleId}>
          {index > 0 && ', '}
          <Link className="row-link" to="/rules/$ruleId" params={{ ruleId }}>
            {ruleId}
          </Link>
        </Fragment>
      ))}
      {more > 0 && (
        <>
          {' '}
          and{' '}
          <Link className="row-link" to="/rules">
            {countOf(more, 'more', 'more')}
          </Link>
        </>
      )}
      ,
    </>
  )
}
