import type { Fault } from './fault.ts'

/** Something worth telling that happened once: kept in the journal, newest first on the Activity page. */
export interface Activity {
  readonly id: number
  readonly at: number
  readonly level: 'info' | 'warning' | 'error'
  readonly subject: 'engine' | 'site' | 'rule' | 'task' | 'job' | 'gateway'
  readonly ruleId: string | null
  readonly siteId: string | null
  readonly text: string
  readonly fault: Fault | null
}
