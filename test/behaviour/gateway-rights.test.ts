import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { operationTable } from '../../electron/engine/s3/operation-table.ts'
import { gatewayRights, rightText, type GatewayRight } from '../../shared/model/gateway-rights.ts'
import type { NewGatewayKey } from '../../shared/model/gateway.ts'
import { encodeUri } from '../../electron/engine/s3/uri.ts'
import { carriedNeeds, plainNeeds, type NeedCase } from '../support/gateway-needs.ts'
import { gatewayConfig, gatewayUrl, newKey } from '../support/gateway.ts'
import { headOf } from '../support/gateway-raw.ts'
import { startWorld, type World } from '../support/world.ts'

/** A bucket `free` that no rule replicates, with an object below `in/` and one below `out/`. */
async function freeWorld(): Promise<World> {
  const world = await startWorld({ buckets: ['data', 'free'], config: { gateway: gatewayConfig } })
  for (const key of ['in/k', 'in/source', 'out/k']) await world.put(key, 'x', { Bucket: 'free' })
  await world.settled()
  return world
}

/** As it is signed: sorted, and encoded in one way. */
const canonical = (query: string): string =>
  [...new URLSearchParams(query)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`)
    .join('&')

/** Status, S3 code and message of the answer; what the site was asked for it. */
async function asked(world: World, one: NeedCase, key: NewGatewayKey): Promise<{ heard: string; reached: boolean }> {
  world.a.requests.clear()
  const body = Buffer.from(one.body)
  const heard = await headOf({
    url: gatewayUrl(world.api()),
    bucket: one.key === null ? '' : 'free',
    path: one.key === null ? '/' : `/free${one.key === '' ? '' : `/${one.key}`}`,
    key: one.key ?? '',
    method: one.method,
    query: canonical(one.query),
    headers: [...one.headers, ['content-md5', createHash('md5').update(body).digest('base64')] as const],
    body,
    accessKeyId: key.accessKeyId,
    secretAccessKey: key.secretAccessKey,
  })
  return { heard, reached: world.a.requests.list({ bucket: 'free' }).length > 0 }
}

const nameOf = ({ operation, headers, query, body }: NeedCase): string =>
  [operation, query, ...headers.map((pair) => pair.join('=')), body].filter((part) => part !== '').join(' ')

/** A refusal by the gateway that names this right, and nothing asked of the site. */
const lacks = (right: GatewayRight): string => `lacks the right to ${rightText[right]} (${right})`

test('every operation that the gateway knows has been thought of', () => {
  expect(plainNeeds.map(({ operation }) => operation).sort()).toEqual(Object.keys(operationTable).sort())
})

test('no operation is done without each of the rights that it needs, and none asks for more', async () => {
  const world = await freeWorld()
  const all = await newKey(world.api(), { rights: [...gatewayRights] })
  const without = new Map<GatewayRight, NewGatewayKey>()
  for (const right of gatewayRights)
    without.set(right, await newKey(world.api(), { rights: gatewayRights.filter((one) => one !== right) }))
  const wrong: string[] = []
  for (const one of [...carriedNeeds, ...plainNeeds]) {
    for (const [right, key] of without) {
      const needed = one.needs.includes(right)
      const { heard, reached } = await asked(world, one, key)
      // A head has no text to say it in.
      const refused = one.method === 'HEAD' ? heard.startsWith('403') : heard.includes(lacks(right))
      if (refused !== needed || (needed && reached)) wrong.push(`${nameOf(one)} without ${right}: ${heard}`)
    }
    const own = await newKey(world.api(), { rights: [...one.needs] })
    for (const key of [own, all]) {
      const { heard } = await asked(world, one, key)
      if (heard.startsWith('403') || heard.includes('AccessDenied'))
        wrong.push(`${nameOf(one)} with all it needs: ${heard}`)
    }
  }
  expect(wrong).toEqual([])
}, 120_000)

/** What a key that is limited to `in/` may do without naming a key: it tells nothing of other keys, and changes nothing. */
const harmless = new Set([
  'ListBuckets',
  'HeadBucket',
  'GetBucketLocation',
  'GetBucketVersioning',
  'GetObjectLockConfiguration',
])
const outOf = (one: NeedCase, changes: Partial<NeedCase>): NeedCase => ({ ...one, ...changes })

test('a key that is limited to prefixes reaches, lists, copies and deletes within them only, whatever its rights', async () => {
  const world = await freeWorld()
  const key = await newKey(world.api(), { rights: [...gatewayRights], buckets: ['free'], prefixes: ['in/', 'also/'] })
  const refusedWhere: string[] = []
  const passedWhere: string[] = []
  const must = async (outcome: 'refuse' | 'pass', one: NeedCase): Promise<void> => {
    const { heard, reached } = await asked(world, one, key)
    const refused = heard.startsWith('403') && !heard.includes('Signature')
    // A path that sites may resolve is refused to every key, as no path of an object.
    const passed = !refused && !(heard.startsWith('400') && JSON.stringify(one).includes('..'))
    if (refused && outcome === 'pass') refusedWhere.push(`${nameOf(one)} ${one.key}: ${heard}`)
    if ((passed || reached) && outcome === 'refuse') passedWhere.push(`${nameOf(one)} ${one.key}: ${heard}`)
  }
  const listing = (query: string, prefix: string): string => `${query}${query === '' ? '' : '&'}prefix=${prefix}`
  for (const one of [...carriedNeeds, ...plainNeeds]) {
    if (one.operation === 'ListenServiceNotification') await must('refuse', one)
    else if (one.key !== '' && one.key !== null) {
      await must('pass', one)
      for (const key of ['out/k', 'in', 'i', 'IN/k', 'in/../out/k', 'in/..', '/in/k'])
        await must('refuse', outOf(one, { key: key.split('/').map(encodeURIComponent).join('/') }))
    } else if (harmless.has(one.operation)) await must('pass', one)
    else if (/^List(?:Obj|Multi|enNot)/.test(one.operation)) {
      await must('pass', outOf(one, { query: listing(one.query, 'in/') }))
      await must('pass', outOf(one, { query: listing(one.query, 'also/deeper') }))
      for (const prefix of ['', 'in', 'out/', 'in/../out', 'IN/'])
        await must('refuse', outOf(one, { query: listing(one.query, encodeURIComponent(prefix)) }))
      await must('refuse', one)
    } else if (one.operation !== 'DeleteObjects') await must('refuse', one)
  }
  for (const [operation, query] of [
    ['CopyObject', ''],
    ['UploadPartCopy', 'uploadId=1&partNumber=1'],
  ] as const)
    for (const source of ['/free/out/k', '/data/in/k', '/free/in/../out/k', 'free%2Fout%2Fk'])
      await must('refuse', {
        operation,
        method: 'PUT',
        key: 'in/k',
        query,
        body: '',
        needs: [],
        headers: [['x-amz-copy-source', source]],
      })
  expect({ refusedWhere, passedWhere }).toEqual({ refusedWhere: [], passedWhere: [] })
}, 120_000)
