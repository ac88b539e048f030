import type { Rule } from '../../../shared/model/rule.ts'
import type { NewTask } from '../journal/port.ts'
import type { TaskQueue } from '../queue/port.ts'
import { decide, indexRules, type RuleIndex } from '../rule/decide.ts'
import type { DeleteBrakes } from './delete-brakes.ts'
import type { Change, Intake } from './port.ts'

export interface IntakeOptions {
  /** The same array as long as nothing changed: a new one is compiled anew. */
  readonly rules: () => readonly Rule[]
  readonly queue: Pick<TaskQueue, 'enqueue'>
  readonly brakes: Pick<DeleteBrakes, 'count'>
}

/** Puts what feeds found into the queue: one task per change and link that wants it, durable when `offer` resolves. */
export function createIntake(options: IntakeOptions): Intake {
  let compiled: readonly Rule[] | null = null
  let index: RuleIndex = new Map()
  const current = (): RuleIndex => {
    const rules = options.rules()
    if (rules !== compiled) index = indexRules(rules)
    compiled = rules
    return index
  }
  return {
    async offer(changes) {
      const byLink = tasksByLink(current(), changes)
      if (byLink.size === 0) return
      // A brake that trips must hold the rule before its deletes can be handed out.
      for (const { rule, tasks } of byLink.values()) await options.brakes.count(rule, tasks)
      await options.queue.enqueue([...byLink.values()].flatMap(({ tasks }) => tasks))
    },
  }
}

interface LinkTasks {
  readonly rule: Rule
  readonly tasks: NewTask[]
}

function tasksByLink(index: RuleIndex, changes: readonly Change[]): ReadonlyMap<string, LinkTasks> {
  const byLink = new Map<string, LinkTasks>()
  for (const change of changes) {
    const { key, versionId, operation, sizeBytes, changedAt } = change
    for (const { linkId, rule } of decide(index, { site: change.siteId, bucket: change.bucket }, change)) {
      let found = byLink.get(linkId)
      if (found === undefined) byLink.set(linkId, (found = { rule, tasks: [] }))
      found.tasks.push({ linkId, key, versionId, operation, sizeBytes, changedAt, absentSeenAt: 0 })
    }
  }
  return byLink
}
