import type { Made } from './made.ts'

/** The rule book or the place of a site changed: links, holds and feeds follow; links that went are forgotten. */
export async function followRules({
  rules,
  linkBook,
  links,
  convergence,
  guard,
  buckets,
  attributePasses,
  feeds,
  dispatcher,
  rates,
  views,
  firstCopies,
  brakes,
  changed,
}: Made): Promise<void> {
  await linkBook.reconcile(rules.rules())
  const gone = links.sync()
  links.refresh()
  feeds.sync()
  guard.sync()
  buckets.sync()
  attributePasses.sync()
  feeds.scanAll(convergence.sync(links.list()))
  for (const linkId of gone) {
    dispatcher.cancelLink(linkId)
    rates.forget(linkId)
    views.forget(linkId)
    firstCopies.forget(linkId)
    brakes.forget(linkId)
    convergence.forget(linkId)
  }
  changed('rules')
  dispatcher.fill()
}
