import type { Activity } from '../../../shared/model/activity.ts'
import type { HistoryStore } from '../journal/port/history.ts'
import type { Logger } from './logger.ts'

export type Tell = (
  level: Activity['level'],
  subject: Activity['subject'],
  text: string,
  more?: Partial<Pick<Activity, 'ruleId' | 'siteId' | 'fault'>>,
) => void

/** Notes something worth telling: on the Activity page, and in the log. */
export function teller(
  history: Pick<HistoryStore, 'addActivity'>,
  log: Logger,
  now: () => number,
  onChange: () => void,
): Tell {
  return (level, subject, text, more = {}) => {
    const entry = { at: now(), level, subject, text, ruleId: null, siteId: null, fault: null, ...more }
    log[level === 'warning' ? 'warn' : level](
      { subject, ruleId: entry.ruleId, siteId: entry.siteId, code: entry.fault?.code },
      text,
    )
    // An activity that cannot be written is in the log at least; the journal reports itself unwritable on its own.
    history.addActivity(entry).then(onChange, () => undefined)
  }
}
