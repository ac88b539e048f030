import { useQuery } from '@tanstack/react-query'
import type { GatewayView } from '../../../shared/model/gateway.ts'
import { Loaded } from '../../components/loaded.tsx'
import { Page } from '../../components/page.tsx'
import { useConsole } from '../../console-parts.ts'
import { formatClock } from '../../text/format.ts'
import { GatewayOff } from './gateway-off.tsx'
import { GatewayState } from './gateway-state.tsx'
import { KeysPanel } from './keys-panel.tsx'
import { PromisesPanel } from './promises-panel.tsx'
import { RequestsPanel } from './requests-panel.tsx'

/** The S3 endpoint that clients use instead of the source: whether it runs, who may use it, and what it answered. */
export function GatewayPage() {
  const { queries } = useConsole()
  const gateway = useQuery(queries.gateway)
  return (
    <Page
      title="Gateway"
      lead={
        gateway.data && `An S3 endpoint of its own, in front of the source · as of ${formatClock(gateway.data.asOf)}`
      }
    >
      <Loaded query={gateway} what="the gateway">
        {(view) => (view.settings === null ? <GatewayOff /> : <Everything view={view} />)}
      </Loaded>
    </Page>
  )
}

function Everything({ view }: { readonly view: GatewayView }) {
  return (
    <>
      <GatewayState view={view} />
      <PromisesPanel view={view} />
      <KeysPanel view={view} />
      <RequestsPanel keys={view.keys} />
    </>
  )
}
