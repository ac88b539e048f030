import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyBlock } from '../../components/copyable.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { useConsole } from '../../console-parts.ts'
import { configLines } from '../../text/gateway.ts'
import { GatewayEditor } from './gateway-editor.tsx'
import { emptyGateway } from './gateway-form-values.ts'

/** What the gateway is for, before it was ever set up: turned on here, or by lines in the configuration. */
export function GatewayOff() {
  const { queries } = useConsole()
  const sites = useQuery(queries.sites)
  const rules = useQuery(queries.rules)
  const [editing, setEditing] = useState(false)
  const site = rules.data?.[0]?.source.site ?? sites.data?.[0]?.id ?? 'berlin'
  return (
    <>
      <Empty
        title="The gateway is off"
        action={
          <Button disabled={sites.data?.length === 0} onClick={() => setEditing(true)}>
            Turn it on…
          </Button>
        }
      >
        Clients write to the source itself, and their writes are copied afterwards: asynchronously. With the gateway
        they use Lockstep’s S3 endpoint in front of the source, and a rule can promise that a write is answered only
        when one, most or all of its targets have it too.
        {sites.data?.length === 0 && ' Add a site first.'}
      </Empty>
      <Panel title="Or in the configuration">
        <Text mb="sm">
          Put these lines into <span className="mono">lockstep.config.json</span> (for{' '}
          <span className="mono">lockstep serve</span>), or paste a configuration with them under Settings.{' '}
          <span className="mono">env</span> names the environment variable that holds the client’s secret.
        </Text>
        <CopyBlock text={configLines(emptyGateway(site))} what="the lines of the configuration" />
      </Panel>
      <GatewayEditor
        settings={emptyGateway(site)}
        opened={editing}
        save="Turn it on"
        onClose={() => setEditing(false)}
      />
    </>
  )
}
