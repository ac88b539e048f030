import type { Rule } from '../../../shared/model/rule.ts'
import { Panel } from '../../components/page.tsx'
import { formatByteRate, formatCount, formatDuration } from '../../text/format.ts'
import { ackLine, readLine } from '../../text/ack.ts'
import { deleteLimit, overwriteLimit } from '../../text/brake.ts'
import { placeOf } from '../../text/link.ts'

/** What a rule does, line by line, in words: the wizard's summary and the rule's page show the same. */
function ruleLines(rule: Rule): readonly (readonly [string, string])[] {
  const { filter, deleteBrake, overwriteBrake, bandwidth } = rule
  const tags = Object.entries(filter.tags).map(([key, value]) => `${key}=${value}`)
  return [
    ['Source', placeOf(rule.source)],
    [rule.targets.length === 1 ? 'Target' : 'Targets', rule.targets.map(placeOf).join(', ')],
    ['Keys', filter.prefix === '' ? 'all' : `those that start with ${filter.prefix}`],
    ['Left out', filter.exclude.length === 0 ? 'nothing' : filter.exclude.join(', ')],
    ['Tags', tags.length === 0 ? 'not looked at' : `only objects with ${tags.join(', ')}`],
    [
      'Existing objects',
      rule.existingObjects ? 'copied, all versions' : 'left; only changes from the start on are copied',
    ],
    ['Deletes', rule.deleteMarkers ? 'repeated at the target; older versions stay' : 'not repeated'],
    ['Permanent deletes', rule.versionDeletes ? 'repeated at the target' : 'not repeated'],
    ['Tags and metadata', rule.metadata ? 'kept in step' : 'as at the time of the copy'],
    ['Object lock', rule.objectLock === 'replicate' ? 'retention and holds are set at the target too' : 'ignored'],
    [
      'Written by others at the target',
      rule.onTargetWrites === 'stop'
        ? 'the rule stops and asks before it covers them'
        : 'covered; stays as older versions',
    ],
    ['Storage class', rule.storageClass ?? 'the source’s, where the target has it'],
    [
      'Bandwidth',
      bandwidth.bytesPerSecond === null ? 'no limit' : `at most ${formatByteRate(bandwidth.bytesPerSecond)}`,
    ],
    ['Brake for deletes', deleteBrake === null ? 'off' : deleteLimit(deleteBrake)],
    ['Brake for overwrites', overwriteBrake === null ? 'off' : overwriteLimit(overwriteBrake)],
    ['Tags and locks again', attributePassText(rule)],
    ['Compared', `every ${formatDuration(rule.scanIntervalSeconds * 1000)}`],
    ['Priority', String(rule.priority)],
    ['A write counts', ackLine(rule.ack, rule.targets.length)],
    ['A read asks', readLine(rule.ack, rule.targets.length)],
  ]
}

function attributePassText({ metadata, attributePass }: Rule): string {
  if (!metadata) return 'not compared'
  if (attributePass === 'off') return 'compared by a resync alone'
  if (attributePass === 'auto') return 'compared slowly: 5 versions a second, or 1 where events tell of changes'
  return `compared at ${formatCount(attributePass.perSecond)} versions a second`
}

export function RuleFacts({ rule }: { readonly rule: Rule }) {
  return (
    <dl className="facts">
      {ruleLines(rule).map(([name, words]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{words}</dd>
        </div>
      ))}
    </dl>
  )
}

export function RuleSummary({ rule }: { readonly rule: Rule }) {
  return (
    <Panel title="What the rule does">
      <RuleFacts rule={rule} />
    </Panel>
  )
}
