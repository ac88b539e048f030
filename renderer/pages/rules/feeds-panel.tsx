import { Text } from '@mantine/core'
import { attributesLine, type AttributesView } from '../../../shared/model/attributes.ts'
import type { FeedView, LinkView, RuleView } from '../../../shared/model/rule.ts'
import { Panel } from '../../components/page.tsx'
import { useNow } from '../../components/use-now.ts'
import { ToneBadge } from '../../components/tone.tsx'
import { formatAgo, formatDuration } from '../../text/format.ts'
import { feedLine, feedTitle, placeOf, type Tone } from '../../text/link.ts'
import { titleOf } from '../../text/told.ts'

const tones: Record<FeedView['state'], Tone> = {
  live: 'good',
  connecting: 'waiting',
  idle: 'quiet',
  scanning: 'busy',
  fault: 'bad',
}

const passTones: Record<AttributesView['state'], readonly [Tone, string]> = {
  off: ['quiet', 'off'],
  waiting: ['quiet', 'waiting'],
  looking: ['busy', 'looking'],
  fault: ['bad', 'not working'],
}

/** What no event tells of and no scan sees: tags and locks, and the buckets themselves. */
function Looked({ link, isOne }: { readonly link: LinkView; readonly isOne: boolean }) {
  const now = useNow()
  const { attributes, bucketsAskedAt, bucketsUntold, target } = link
  const where = isOne ? '' : ` (${placeOf(target)})`
  return (
    <>
      {attributes !== null && (
        <li>
          <NamedBadge
            tone={passTones[attributes.state][0]}
          >{`Slow pass: ${passTones[attributes.state][1]}`}</NamedBadge>
          <span className="wrap">
            {attributesLine(attributes, { now, duration: formatDuration })}
            {where}
          </span>
        </li>
      )}
      <li>
        <NamedBadge tone="quiet">Buckets</NamedBadge>
        <span className="wrap">
          {bucketsAskedAt === null
            ? 'Not asked yet whether they are what they were when the rule began.'
            : `Asked ${formatAgo(bucketsAskedAt, now)} whether they still have versioning and object lock, and are the same, as every minute: some 11,900 small requests a day, and nothing is written.`}
          {bucketsUntold.length > 0 &&
            ` Not all of it is known: the key may not ask, and never could (${bucketsUntold.join(', ')}).`}
          {where}
        </span>
      </li>
    </>
  )
}

function NamedBadge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span style={{ width: 210, flex: 'none' }}>
      <ToneBadge tone={tone}>{children}</ToneBadge>
    </span>
  )
}

/** How the rule notices changes, and what each of its ways last saw. */
export function FeedsPanel({ rule }: { readonly rule: RuleView }) {
  const now = useNow()
  return (
    <Panel title="How changes are noticed" flush>
      <Text px={14} pt={10} pb={4}>
        {rule.noticedBy}
      </Text>
      <ul className="feed-list">
        {rule.feeds.map((feed) => (
          <li key={feed.kind}>
            <NamedBadge tone={tones[feed.state]}>{feedTitle(feed)}</NamedBadge>
            <span className="wrap">
              {feedLine(feed, now)}
              {feed.fault && (
                <span className="dim" style={{ display: 'block' }}>
                  {titleOf(feed.fault.code)} {feed.fault.message} {feed.fault.remedy}
                </span>
              )}
            </span>
          </li>
        ))}
        {rule.enabled &&
          rule.links.map((link) => <Looked key={link.linkId} link={link} isOne={rule.links.length === 1} />)}
      </ul>
    </Panel>
  )
}
