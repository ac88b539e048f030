import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { DeleteObjectCommand, PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { z } from 'zod'
import { emptyPayloadHash } from '../../../electron/engine/s3/sigv4.ts'
import { createSigner } from '../../../electron/engine/s3/signer.ts'
import { eventually } from '../../support/eventually.ts'
import type { SiteAccess } from '../../support/s3-site.ts'
import type { SitePromise } from '../site-promise.ts'
import { asReplica } from './replicas.ts'

const lineSchema = z.object({
  Records: z
    .array(
      z.object({
        eventName: z.string(),
        s3: z.object({ object: z.object({ key: z.string(), versionId: z.string().optional() }) }),
      }),
    )
    .nullable(),
})

interface Heard {
  /** `name key versionId`, in the order of arrival. */
  readonly events: readonly string[]
  stop(): void
}

/** The first ping comes after a second, and the head of the answer with it at the latest. */
const pingDeadlineMs = 5000

const query = 'events=s3%3AObjectCreated%3A%2A&events=s3%3AObjectRemoved%3A%2A&ping=1&prefix=in%2F&suffix='

/** Listens as the engine does: a signed GET whose answer never ends, one JSON document a line. */
async function listen(site: SiteAccess, bucket: string): Promise<Heard> {
  const url = new URL(site.endpoint)
  const signer = createSigner(site, site.region, Date.now)
  const path = `/${bucket}`
  const headers = signer.sign({
    method: 'GET',
    path,
    query,
    headers: [['host', url.host]],
    payloadHash: emptyPayloadHash,
  })
  const sent = request(url, { path: `${path}?${query}`, headers: Object.fromEntries(headers), agent: false }).end()
  sent.on('error', () => undefined)
  const signal = AbortSignal.timeout(pingDeadlineMs)
  const [response] = (await once(sent, 'response', { signal }).catch((error: unknown) => {
    sent.destroy()
    throw error
  })) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  const events: string[] = []
  createInterface({ input: response }).on('line', (line) => {
    if (line.trim() === '') return
    for (const { eventName, s3 } of lineSchema.parse(JSON.parse(line)).Records ?? []) {
      events.push(`${eventName} ${s3.object.key} ${s3.object.versionId}`)
    }
  })
  response.on('error', () => undefined)
  return { events, stop: () => void response.destroy() }
}

/** What holds for every client. */
export const listenPromises: readonly SitePromise[] = [
  {
    name: 'who listens hears what changes under the prefix, with raw keys',
    check: async (world) => {
      const Bucket = await world.bucket()
      const { s3 } = world
      const heard = await listen(world.site, Bucket)
      const at = { Bucket, Key: 'in/ü +%20' }
      const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      await s3.send(new PutObjectCommand({ Bucket, Key: 'out/of-sight', Body: 'x' }))
      await s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }))
      const marker = await s3.send(new DeleteObjectCommand(at))
      await s3.send(new DeleteObjectCommand({ ...at, VersionId }))
      const expected = [
        `s3:ObjectCreated:Put in/ü +%20 ${VersionId}`,
        `s3:ObjectCreated:PutTagging in/ü +%20 ${VersionId}`,
        `s3:ObjectRemoved:DeleteMarkerCreated in/ü +%20 ${marker.VersionId}`,
        `s3:ObjectRemoved:Delete in/ü +%20 ${VersionId}`,
      ]
      try {
        // Delivery is not ordered between servers' threads; what must hold is the set.
        await eventually(() => expect(heard.events.toSorted()).toEqual(expected.toSorted()))
      } finally {
        heard.stop()
      }
    },
  },
]

/** What holds for one who may write replicas. */
export const changeStreamPromises: readonly SitePromise[] = [
  ...listenPromises,
  {
    name: 'who listens hears nothing of replicas',
    check: async (world) => {
      const Bucket = await world.bucket()
      const heard = await listen(world.site, Bucket)
      await asReplica(world, { Bucket, Key: 'in/replica' })
      const { VersionId } = await world.s3.send(new PutObjectCommand({ Bucket, Key: 'in/own', Body: 'x' }))
      try {
        await eventually(() => expect(heard.events).toEqual([`s3:ObjectCreated:Put in/own ${VersionId}`]))
      } finally {
        heard.stop()
      }
    },
  },
]
