import type { LinkIdentity } from '../../electron/engine/journal/port/records.ts'

/** A link as the link book opens it; only its name and its rule are told apart by what the tests of the journal ask. */
export const linkIdentity = (
  linkId: string,
  ruleId: string,
  more: Partial<Omit<LinkIdentity, 'linkId' | 'ruleId'>> = {},
): LinkIdentity => ({
  linkId,
  ruleId,
  source: { site: 's', bucket: 'data', endpoint: 'http://s' },
  target: { site: 't', bucket: 'data', endpoint: 'http://t' },
  generation: 1,
  openedAt: 0,
  ...more,
})
