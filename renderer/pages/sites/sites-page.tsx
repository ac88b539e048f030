import { Button, Group } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { SiteView } from '../../../shared/model/site.ts'
import { DataTable, measured, type Column } from '../../components/data-table.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page } from '../../components/page.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { countOf, formatByteRate, formatClock, formatMs, formatShare } from '../../text/format.ts'
import { currentRtt, siteState, skewText, vendorNames } from '../../text/site.ts'
import { SiteDrawer } from './site-drawer.tsx'
import { SiteEditor } from './site-editor.tsx'

const route = getRouteApi('/sites')

export function SitesPage() {
  const { queries } = useConsole()
  const sites = useQuery(queries.sites)
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const close = () => void navigate({ to: '/sites', search: {}, replace: true })
  const add = (
    <Button
      leftSection={<IconPlus size={14} aria-hidden />}
      onClick={() => void navigate({ to: '/sites', search: { add: true } })}
    >
      Add a site
    </Button>
  )
  return (
    <Page
      title="Sites"
      lead={sites.data && leadOf(sites.data)}
      actions={
        sites.data?.length ? (
          <Group gap="xs">
            <Button variant="default" component={Link} to="/pair">
              Pair two sites
            </Button>
            {add}
          </Group>
        ) : null
      }
    >
      <Loaded query={sites} what="the sites">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No sites yet" action={add}>
              A site is an S3 endpoint with its keys: RustFS, MinIO, Ceph RGW, AWS S3 and others. Two of them make a
              pair.
            </Empty>
          ) : (
            <div className="panel">
              <DataTable
                label="Sites"
                columns={columns}
                rows={rows}
                rowId={(site) => site.id}
                sort={{ id: 'name', desc: false }}
                minWidth={860}
              />
            </div>
          )
        }
      </Loaded>
      <SiteDrawer site={sites.data?.find(({ id }) => id === search.site) ?? null} onClose={close} />
      <SiteEditor site={null} opened={search.add === true} onClose={close} />
    </Page>
  )
}

function leadOf(sites: readonly SiteView[]): string {
  const newest = Math.max(...sites.map(({ health }) => health.asOf))
  return sites.length === 0 ? '' : `${countOf(sites.length, 'site')} · last probed at ${formatClock(newest)}`
}

const columns: readonly Column<SiteView>[] = [
  {
    id: 'name',
    header: 'Site',
    sortBy: (site) => site.name,
    cell: (site) => (
      <>
        <Link className="row-link" to="/sites" search={{ site: site.id }}>
          {site.name}
        </Link>
        <div className="dim">
          {site.capabilities && `${vendorNames[site.capabilities.vendor]}, `}
          {site.endpoint}
        </div>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '140px',
    sortBy: (site) => siteState(site).label,
    cell: (site) => {
      const { label, tone } = siteState(site)
      return <ToneBadge tone={tone}>{label}</ToneBadge>
    },
  },
  measured('rtt', 'Round trip', '115px', ({ health }) => currentRtt(health), formatMs),
  measured('loss', 'Probes lost', '125px', ({ health }) => health.probeLoss, formatShare),
  measured(
    'skew',
    'Clock',
    '120px',
    ({ health }) => magnitude(health.clockSkewMs),
    (_, { health }) => skewText(health.clockSkewMs ?? 0),
  ),
  {
    id: 'traffic',
    header: 'Read, written',
    width: '145px',
    align: 'end',
    sortBy: ({ health }) => health.readBytesPerSecond + health.writeBytesPerSecond,
    cell: ({ health }) => (
      <>
        {formatByteRate(health.readBytesPerSecond)}
        <div>{formatByteRate(health.writeBytesPerSecond)}</div>
      </>
    ),
  },
]

const magnitude = (value: number | null): number | null => (value === null ? null : Math.abs(value))
