import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { openWebhook, type Webhook } from '../../electron/engine/feed/webhook.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { CredentialStore } from '../../electron/engine/site/credentials.ts'
import { makeTempDir } from '../support/temp.ts'

/** The receiver over a data directory, opened and closed as often as a test likes. */
async function places() {
  const dir = await makeTempDir('webhook')
  onTestFinished(() => dir.remove())
  return {
    dir: dir.path,
    /** Opens journal and receiver, hands over, and closes both. */
    async during<T>(
      credentials: CredentialStore,
      act: (url: string, webhook: Webhook | null) => Promise<T>,
      listen: string | null = '127.0.0.1:0',
    ) {
      const journal = openJournal({ dir: dir.path, now: Date.now })
      const webhook = await openWebhook(
        { listen, publicUrl: null },
        { records: journal.records, credentials },
        {
          knowsSite: () => true,
          intake: { offer: () => Promise.resolve() },
          now: Date.now,
          onGap: () => undefined,
        },
      )
      try {
        return await act(webhook?.url() ?? '', webhook)
      } finally {
        await webhook?.stop()
        await journal.close()
      }
    },
    async keep(name: string, value: unknown) {
      const journal = openJournal({ dir: dir.path, now: Date.now })
      await journal.records.write(name, value)
      await journal.close()
    },
    holds: (secret: string) =>
      readdirSync(dir.path).filter((name) => readFileSync(path.join(dir.path, name)).includes(secret)),
  }
}

const tokenOf = (url: string): string => url.split('/').at(-1)!
/** What a site hears that looks for the receiver under the path of that token. */
const answerAt = async (url: string, token: string): Promise<number> =>
  (await fetch(`${url.slice(0, url.lastIndexOf('/'))}/${token}/a`)).status

test('no file of the journal holds the token, and the URL is the same after a restart', async () => {
  const place = await places()
  const credentials = memoryCredentials()
  const during = await place.during(credentials, async (url) => ({
    token: tokenOf(url),
    found: place.holds(tokenOf(url)),
  }))
  const after = await place.during(credentials, async (url) => ({
    token: tokenOf(url),
    found: place.holds(tokenOf(url)),
  }))
  expect(during).toEqual({ token: after.token, found: [] })
  expect([after.found, place.holds(after.token)]).toEqual([[], []])
})

test('a token that an older version kept in clear leaves the journal, and the URL that sites have works on', async () => {
  const place = await places()
  const old = 'anOldTokenThatSitesWereToldOnce'
  await place.keep('webhook-token', old)
  expect(place.holds(old)).toEqual(['journal.db'])
  const credentials = memoryCredentials()
  expect(await place.during(credentials, async (url) => [tokenOf(url), await answerAt(url, old)])).toEqual([old, 200])
  expect(place.holds(old)).toEqual([])
  expect(await place.during(credentials, async (url) => [tokenOf(url), await answerAt(url, old)])).toEqual([old, 200])
})

test('a token in clear leaves the journal while the receiver is off, too', async () => {
  const place = await places()
  const old = 'anOldTokenThatSitesWereToldOnce'
  await place.keep('webhook-token', old)
  const credentials = memoryCredentials()
  await place.during(credentials, async () => undefined, null)
  expect(place.holds(old)).toEqual([])
  expect(await place.during(credentials, async (url) => tokenOf(url))).toBe(old)
})

test('where the credentials were lost a new URL is made, and the one that sites have works on', async () => {
  const place = await places()
  const first = await place.during(memoryCredentials(), async (url) => tokenOf(url))
  const [second, ...answers] = await place.during(memoryCredentials(), async (url) => [
    tokenOf(url),
    await answerAt(url, first),
    await answerAt(url, tokenOf(url)),
    await answerAt(url, `${first}x`),
    await answerAt(url, ''),
  ])
  expect(second).not.toBe(first)
  expect(answers).toEqual([200, 200, 404, 404])
})

test('a new address takes the place of the one before, and is kept', async () => {
  const place = await places()
  const credentials = memoryCredentials()
  const [before, made, ...answers] = await place.during(credentials, async (url, webhook) => {
    const renewed = await webhook!.renewUrl()
    return [tokenOf(url), tokenOf(renewed), await answerAt(url, tokenOf(url)), await answerAt(url, tokenOf(renewed))]
  })
  expect(made).not.toBe(before)
  expect(answers).toEqual([404, 200])
  expect(await place.during(credentials, async (url) => tokenOf(url))).toBe(made)
})
