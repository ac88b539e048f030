import { Switch, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { GatewayKeyView, GatewayRequest } from '../../../shared/model/gateway.ts'
import { DataTable, measured, type Column } from '../../components/data-table.tsx'
import { Loaded } from '../../components/loaded.tsx'
import { Panel } from '../../components/page.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { formatClock, formatInstant } from '../../text/format.ts'
import { keyName, outcomeOf, tookText } from '../../text/gateway.ts'

/** What clients asked for just now and what they heard, newest first, as it happens. */
export function RequestsPanel({ keys }: { readonly keys: readonly GatewayKeyView[] }) {
  const { queries } = useConsole()
  const [failedOnly, setFailedOnly] = useState(false)
  const requests = useQuery(queries.gatewayRequests(failedOnly))
  return (
    <Panel
      title="Recent requests"
      flush
      actions={
        <Switch
          label="Only refused and failed"
          checked={failedOnly}
          onChange={(event) => setFailedOnly(event.currentTarget.checked)}
        />
      }
    >
      <Loaded query={requests} what="the requests">
        {(rows) =>
          rows.length === 0 ? (
            <Text p={14}>
              {failedOnly
                ? 'No request was refused or failed lately.'
                : 'No client has asked for anything since the engine started. Requests appear here as they end.'}
            </Text>
          ) : (
            <DataTable
              label="Recent requests"
              columns={columns(keys)}
              rows={rows}
              rowId={(request) => String(request.id)}
              sort={{ id: 'at', desc: true }}
              minWidth={800}
              tall
            />
          )
        }
      </Loaded>
    </Panel>
  )
}

const columns = (keys: readonly GatewayKeyView[]): readonly Column<GatewayRequest>[] => [
  {
    id: 'at',
    header: 'At',
    width: '92px',
    sortBy: (request) => request.at,
    cell: ({ at }) => (
      <time dateTime={new Date(at).toISOString()} title={formatInstant(at)}>
        {formatClock(at)}
      </time>
    ),
  },
  {
    id: 'operation',
    header: 'Operation, client',
    width: '176px',
    sortBy: (request) => request.operation,
    cell: (request) => (
      <>
        {request.operation === 'Unknown' ? 'not known' : request.operation}
        <div className="dim clip" title={request.accessKeyId ?? undefined}>
          {clientOf(request, keys)}
        </div>
      </>
    ),
  },
  {
    id: 'object',
    header: 'Bucket and key',
    sortBy: ({ bucket, key }) => `${bucket}/${key}`,
    cell: ({ bucket, key }) => (
      <span className="clip2" title={key === '' ? bucket : `${bucket}/${key}`}>
        {bucket === '' ? <span className="dim">no bucket</span> : key === '' ? bucket : `${bucket}/${key}`}
      </span>
    ),
  },
  {
    id: 'status',
    header: 'Answered',
    width: '190px',
    sortBy: (request) => request.status,
    cell: (request) => <Answered request={request} />,
  },
  {
    id: 'acks',
    header: 'Sites with it',
    width: '124px',
    align: 'end',
    sortBy: (request) => request.acks ?? '',
    cell: ({ acks }) => <Acks acks={acks} />,
  },
  measured('duration', 'Took', '92px', ({ durationMs }) => durationMs, tookText),
]

function clientOf({ accessKeyId }: GatewayRequest, keys: readonly GatewayKeyView[]): string {
  if (accessKeyId === null) return 'no known key'
  const key = keys.find((one) => one.accessKeyId === accessKeyId)
  return key === undefined ? accessKeyId : keyName(key)
}

/** How many had the write when its client was answered. */
function Acks({ acks }: Pick<GatewayRequest, 'acks'>) {
  if (acks === null) return <span className="dim">–</span>
  return (
    <>
      {acks.replace('/', ' of ')}
      {acks.startsWith('1/') && <div className="dim">the source only</div>}
    </>
  )
}

function Answered({ request }: { readonly request: GatewayRequest }) {
  const { tone, words } = outcomeOf(request)
  return (
    <>
      <ToneBadge tone={tone} refused={request.status >= 400 && request.status < 500}>
        {words}
      </ToneBadge>
      {request.code !== null && <div className="dim">{request.code}</div>}
      {request.servedBy !== null && <div className="dim">served by {request.servedBy}</div>}
    </>
  )
}
