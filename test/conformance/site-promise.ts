import { randomBytes } from 'node:crypto'
import { S3ServiceException, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { makeBucket } from '../support/buckets.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'

/** What a promise may use: a client, and buckets of its own. */
export interface World {
  readonly site: SiteAccess
  readonly s3: S3Client
  /** A new, empty bucket; versioned unless told otherwise. */
  readonly bucket: (options?: { readonly lock?: boolean; readonly versioning?: 'Enabled' | 'none' }) => Promise<string>
}

/** One behaviour of S3 that the engine builds on. */
export interface SitePromise {
  /** Names it in the table of deviations too. */
  readonly name: string
  readonly check: (world: World) => Promise<void>
}

/** By promise, what the site does instead. */
export type Deviations = Readonly<Record<string, string>>

/**
 * Holds a site to the promises. A deviation must be declared by name, and must still be there: a site that has been
 * mended fails here until its line is taken out of the table.
 */
export function holdToPromises(
  name: string,
  start: () => Promise<SiteAccess & { readonly stop: () => Promise<void> }>,
  promises: readonly SitePromise[],
  deviations: Deviations = {},
): void {
  const unknown = Object.keys(deviations).filter((known) => !promises.some((promise) => promise.name === known))
  if (unknown.length > 0) throw new Error(`no such promise: ${unknown.join(', ')}`)
  describe(name, () => {
    let world: World & { end(): Promise<void> }
    beforeAll(async () => {
      world = await openWorld(start)
    })
    afterAll(() => world?.end())
    for (const promise of promises) {
      const deviation = deviations[promise.name]
      if (deviation === undefined) it(promise.name, () => promise.check(world))
      else it.fails(`not here: ${promise.name} (${deviation})`, () => promise.check(world))
    }
  })
}

async function openWorld(
  start: () => Promise<SiteAccess & { readonly stop: () => Promise<void> }>,
): Promise<World & { end(): Promise<void> }> {
  const site = await start()
  const s3 = s3Client(site)
  const run = randomBytes(4).toString('hex')
  let count = 0
  return {
    site,
    s3,
    bucket: async (options = {}) => {
      const name = `conformance-${run}-${++count}`
      await makeBucket(s3, name, options)
      return name
    },
    end: async () => {
      s3.destroy()
      await site.stop()
    },
  }
}

/** The HTTP status of a call, refused or not. */
export async function statusOf(
  call: Promise<{ readonly $metadata: { readonly httpStatusCode?: number | undefined } }>,
): Promise<number> {
  try {
    return (await call).$metadata.httpStatusCode ?? 0
  } catch (error) {
    if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode ?? 0
    throw error
  }
}

/** How a call was refused: the S3 code and the HTTP status. Rejects when it was not refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const { code, status } = await refused(call)
  return `${status} ${code}`
}

export interface Refused {
  readonly code: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

export async function refused(call: Promise<unknown>): Promise<Refused> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error
    const headers = error.$response?.headers ?? {}
    return { code: error.name, status: error.$metadata.httpStatusCode ?? 0, headers }
  }
  throw new Error('the call was not refused')
}
