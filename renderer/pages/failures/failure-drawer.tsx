import { Button, Drawer, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { FailureDetail } from '../../../shared/api/engine-api.ts'
import { settledText, type Failure, type ItemEvent } from '../../../shared/model/task.ts'
import { Loaded } from '../../components/loaded.tsx'
import { Route } from '../../components/place.tsx'
import { Ago } from '../../components/times.tsx'
import { ToldNote } from '../../components/told-note.tsx'
import { useConsole } from '../../console-parts.ts'
import { formatBytes, formatInstant } from '../../text/format.ts'
import { operationText } from '../../text/link.ts'
import { tellFault, titleOf } from '../../text/told.ts'
import { NextAttempt } from './next-attempt.tsx'

interface FailureDrawerProps {
  readonly seq: number | undefined
  readonly onClose: () => void
  readonly onRetry: (failure: Failure) => void
}

/** One item with its whole history; stays open, and says so, when the item settles meanwhile. */
export function FailureDrawer({ seq, onClose, onRetry }: FailureDrawerProps) {
  return (
    <Drawer
      opened={seq !== undefined}
      onClose={onClose}
      position="right"
      size={520}
      title="Item"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {seq !== undefined && <Detail seq={seq} onRetry={onRetry} />}
    </Drawer>
  )
}

function Detail({ seq, onRetry }: { readonly seq: number; readonly onRetry: (failure: Failure) => void }) {
  const { queries } = useConsole()
  const detail = useQuery(queries.failure(seq))
  return (
    <Loaded query={detail} what="the item">
      {(value) => (
        <Stack gap="md">
          <Text fw={600} className="wrap">
            {value.key}
          </Text>
          {value.state === 'failing' ? <Facts failure={value.failure} onRetry={onRetry} /> : <Gone detail={value} />}
          <History detail={value} />
        </Stack>
      )}
    </Loaded>
  )
}

function Facts({ failure, onRetry }: { readonly failure: Failure; readonly onRetry: (failure: Failure) => void }) {
  return (
    <>
      <ToldNote told={tellFault(failure.fault)} />
      <dl className="facts">
        <dt>From, to</dt>
        <dd>
          <Route source={failure.source} target={failure.target} />
        </dd>
        <dt>Rule</dt>
        <dd>{failure.ruleId}</dd>
        <dt>Operation</dt>
        <dd>{operationText[failure.operation]}</dd>
        <dt>Version</dt>
        <dd className="mono">{failure.versionId ?? 'the current one'}</dd>
        <dt>Size</dt>
        <dd>{failure.sizeBytes === null ? 'not known' : formatBytes(failure.sizeBytes)}</dd>
        <dt>Attempts</dt>
        <dd>{failure.attempts}</dd>
        <dt>Next attempt</dt>
        <dd>
          <NextAttempt failure={failure} />
        </dd>
        <dt>First failed</dt>
        <dd>{formatInstant(failure.firstFailedAt)}</dd>
        <dt>Last attempt</dt>
        <dd>{formatInstant(failure.lastAttemptAt)}</dd>
      </dl>
      <Button style={{ alignSelf: 'flex-start' }} onClick={() => onRetry(failure)}>
        Retry this item
      </Button>
    </>
  )
}

/** An item that is not in the list any more, or was never there. */
function Gone({ detail }: { readonly detail: Exclude<FailureDetail, { state: 'failing' }> }) {
  return (
    <>
      <Text>{goneText(detail)}</Text>
      <dl className="facts">
        <dt>From, to</dt>
        <dd>
          <Route source={detail.source} target={detail.target} />
        </dd>
        <dt>Rule</dt>
        <dd>{detail.ruleId}</dd>
        <dt>Version</dt>
        <dd className="mono">{detail.versionId ?? 'the current one'}</dd>
        {detail.state === 'settled' && (
          <>
            <dt>Settled</dt>
            <dd>{formatInstant(detail.settledAt)}</dd>
          </>
        )}
      </dl>
    </>
  )
}

function goneText(detail: Exclude<FailureDetail, { state: 'failing' }>): string {
  if (detail.state === 'pending') return 'On its way: it has not failed since it was last offered.'
  return detail.did === null ? 'Settled.' : settledText[detail.did]
}

const eventText: Record<ItemEvent['what'], string> = {
  queued: 'Queued',
  'attempt-failed': 'Attempt failed',
  parked: 'Parked: not tried again until somebody retries it',
  retried: 'Retried by the operator',
  resumed: 'Taken up again: the site answers',
  settled: 'Settled',
}

function History({ detail }: { readonly detail: FailureDetail }) {
  return (
    <section aria-label="History">
      <Title order={2}>History</Title>
      <ol className="feed-list">
        {detail.history.toReversed().map((event) => (
          <li key={`${event.at}-${event.what}-${event.attempt}`} style={{ paddingInline: 0 }}>
            <span style={{ flex: 1 }} className="wrap">
              {event.did === null ? eventText[event.what] : settledText[event.did]}
              {event.attempt !== null && `, attempt ${event.attempt}`}
              {event.fault && (
                <span className="dim" style={{ display: 'block' }}>
                  {titleOf(event.fault.code)} {event.fault.message}
                </span>
              )}
            </span>
            <span className="dim">
              <Ago at={event.at} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
