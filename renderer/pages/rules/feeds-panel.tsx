import { Text } from '@mantine/core'
import type { FeedView, RuleView } from '../../../shared/model/rule.ts'
import { Panel } from '../../components/page.tsx'
import { useNow } from '../../components/ticker.ts'
import { ToneBadge } from '../../components/tone.tsx'
import { feedLine, feedTitle, type Tone } from '../../words/link-words.ts'
import { titleOf } from '../../words/told.ts'

const tones: Record<FeedView['state'], Tone> = {
  live: 'good',
  connecting: 'waiting',
  idle: 'quiet',
  scanning: 'busy',
  fault: 'bad',
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
            <span style={{ width: 210, flex: 'none' }}>
              <ToneBadge tone={tones[feed.state]}>{feedTitle(feed)}</ToneBadge>
            </span>
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
      </ul>
    </Panel>
  )
}
