import type { Parts } from '../parts.ts'

/** The rule book changed: links, holds and feeds follow; links that went are forgotten. */
export async function followRules({
  links,
  convergence,
  feeds,
  dispatcher,
  rates,
  views,
  journal,
  changed,
}: Pick<
  Parts,
  'links' | 'convergence' | 'feeds' | 'dispatcher' | 'rates' | 'views' | 'journal' | 'changed'
>): Promise<void> {
  const gone = links.sync()
  links.refresh()
  feeds.sync(links.list())
  feeds.scanAll(convergence.sync(links.list()))
  for (const linkId of gone) {
    dispatcher.cancelLink(linkId)
    rates.forget(linkId)
    views.forget(linkId)
    convergence.forget(linkId)
    await journal.forgetLink(linkId)
  }
  changed('rules')
  dispatcher.fill()
}
