import { Link } from '@tanstack/react-router'
import type { LinkView } from '../../../shared/model/rule.ts'
import type { SiteHealth } from '../../../shared/model/site.ts'
import { Route } from '../../components/place.tsx'
import { Behind } from '../../components/times.tsx'
import { StateBadge } from '../../components/tone.tsx'
import { kindOf } from '../../../shared/model/sync-state.ts'
import { eventsLine } from '../../../shared/text/held.ts'
import { countOf, formatByteRate, formatBytes, formatCount, formatMs, formatObjectRate } from '../../text/format.ts'
import { backlogOf, forecastOf, notInStepOf, stateText, whyOf } from '../../text/link.ts'
import { currentRtt } from '../../text/site.ts'

interface LinkCardProps {
  readonly link: LinkView
  readonly targetHealth: SiteHealth | null
  /** On the rule's own page the card is titled by its target. */
  readonly ofRule?: boolean
}

/** One rule to one target: its state and why, how far behind, how fast, and the way to what failed. */
export function LinkCard({ link, targetHealth, ofRule = false }: LinkCardProps) {
  const why = whyOf(link)
  return (
    <article className="panel link-card" data-tone={stateText[kindOf(link.state)].tone} aria-label={link.linkId}>
      <div className="link-card-head">
        <div style={{ display: 'flex', justifyContent: 'space-between', gap: 10, alignItems: 'center' }}>
          {ofRule ? (
            <span className="dim">To {link.target.site}</span>
          ) : (
            <Link className="row-link clip" to="/rules/$ruleId" params={{ ruleId: link.ruleId }} title={link.ruleId}>
              {link.ruleId}
            </Link>
          )}
          <StateBadge state={link.state} />
        </div>
        <div className="link-places">
          <Route source={link.source} target={link.target} />
        </div>
      </div>
      {why && (
        <p className="link-why">
          {why.reason} {why.remedy && <span className="dim">{why.remedy}</span>}
        </p>
      )}
      {link.events.kind === 'unavailable' && <p className="link-why">{eventsLine(link.events)}</p>}
      <dl className="link-facts">
        <Fact name="Backlog">
          {backlogOf(link)}
          {(link.unknown === null || link.backlogCount > 0) && `, ${formatBytes(link.backlogBytes)}`}
        </Fact>
        <Fact name="Oldest pending">
          {link.oldestPendingAt === null && link.unknown !== null ? (
            'Not known'
          ) : (
            <Behind oldestPendingAt={link.oldestPendingAt} />
          )}
        </Fact>
        <Fact name="Rate">
          {formatByteRate(link.bytesPerSecond)}, {formatObjectRate(link.objectsPerSecond)}
        </Fact>
        <Fact name="Round trip to the target">{rttOf(targetHealth)}</Fact>
        <Fact name="Forecast">{forecastOf(link)}</Fact>
        <Fact name="Not in step">
          <Attention link={link} />
        </Fact>
      </dl>
    </article>
  )
}

function rttOf(health: SiteHealth | null): string {
  if (health?.state === 'offline') return 'Target is offline'
  const rttMs = health === null ? null : currentRtt(health)
  return rttMs === null ? 'Not measured yet' : formatMs(rttMs)
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** How many items failed, each count leading to exactly those rows. */
function Attention({
  link,
}: {
  readonly link: Pick<
    LinkView,
    'linkId' | 'failing' | 'parked' | 'notConverging' | 'state' | 'unknown' | 'backlogCount'
  >
}) {
  const apart = link.notConverging > 0 && `${countOf(link.notConverging, 'key')} not converging`
  if (link.failing + link.parked === 0) return <>{apart || notInStepOf(link)}</>
  return (
    <>
      {link.failing > 0 && (
        <Link className="row-link" to="/failures" search={{ link: link.linkId, state: 'delayed' }}>
          {formatCount(link.failing)} trying again
        </Link>
      )}
      {link.failing > 0 && link.parked > 0 && ', '}
      {link.parked > 0 && (
        <Link className="row-link" to="/failures" search={{ link: link.linkId, state: 'parked' }}>
          {formatCount(link.parked)} parked
        </Link>
      )}
      {apart && `, ${apart}`}
    </>
  )
}
