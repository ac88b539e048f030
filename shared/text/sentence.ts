import type { Fault } from '../model/fault.ts'

/** A site’s own words end as they like: here they end as a sentence does, so that another may follow. */
export const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

/** What happened, and what to do. */
export const faultText = ({ message, remedy }: Pick<Fault, 'message' | 'remedy'>): string =>
  `${sentence(message)} ${remedy}`
