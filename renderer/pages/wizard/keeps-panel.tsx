import { Button, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { profileIn } from '../../../shared/model/site-profile.ts'
import type { SiteView } from '../../../shared/model/site.ts'
import { probeCostText } from '../../../shared/text/probe-cost.ts'
import { useAction } from '../../components/use-action.ts'
import { useConsole } from '../../console-parts.ts'
import { KnownProfile } from '../sites/site-profile.tsx'

/** What each of the two sites keeps of what is copied, as far as it is known, and the way to find the rest out in the chosen bucket. */
export function KeepsPanel({ places }: { readonly places: readonly BucketAt[] }) {
  const { queries } = useConsole()
  const { data: sites = [] } = useQuery(queries.sites)
  return (
    <div className="keeps-grid">
      {places.map(({ site: id, bucket }) => {
        const site = sites.find((one) => one.id === id)
        return site && <Keeps key={`${id}/${bucket}`} site={site} bucket={bucket} />
      })}
    </div>
  )
}

function Keeps({ site, bucket }: { readonly site: SiteView; readonly bucket: string }) {
  const { client } = useConsole()
  const { id, name, paused, profile } = site
  const probe = useAction(
    () => client.sites.profile.mutate({ id, bucket }),
    () => `${name} was probed in ${bucket}.`,
  )
  const title = `What ${name} keeps`
  return (
    <section aria-label={title}>
      <Title order={3} mb={6}>
        {title}
      </Title>
      {profile === null ? (
        <p style={{ margin: 0 }}>Nothing is known of it yet.</p>
      ) : (
        <KnownProfile profile={profileIn(profile, bucket)} />
      )}
      <Text c="dimmed" mt={8} mb={6}>
        {paused
          ? 'Nothing is written to a site that is paused.'
          : `It is found out with a few small objects in ${bucket}, which are removed at once: ${probeCostText(site)}. Nothing has to be found out before the start.`}
      </Text>
      <Button variant="default" disabled={paused} loading={probe.isPending} onClick={() => probe.mutate(undefined)}>
        {profile?.probe?.bucket === bucket ? `Try it again in ${bucket} at ${id}` : `Try it in ${bucket} at ${id}`}
      </Button>
    </section>
  )
}
