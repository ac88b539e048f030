import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { SecureContext } from 'node:tls'
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  S3Client,
  type Bucket,
  type BucketLocationConstraint,
  type ReplicationRule,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { FaultError, type FaultCode } from '../../../shared/model/fault.ts'
import type { BucketView, Site } from '../../../shared/model/site.ts'
import { faultErrorFrom, faultFromAnswer, sdkCode } from '../base/errors.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import type { CallOptions } from './port.ts'
import type { RedirectHint, BucketEndpoints } from './bucket-endpoints.ts'
import type { Timeouts } from './wire/request.ts'

export interface BucketAdministrationOptions {
  readonly site: Site
  readonly keys: KeyPair
  readonly timeouts: Timeouts
  readonly secureContext: SecureContext | undefined
  readonly endpoints: BucketEndpoints
  /** A request goes out. */
  readonly onRequest?: (() => void) | undefined
}

type BucketCall = { readonly operation: string; readonly bucket: string | undefined }
type Send<T> = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>

/** What is asked of buckets now and then. Loaded only when needed: the SDK costs memory that transfer threads lack. */
export class BucketAdministration {
  readonly #options: BucketAdministrationOptions
  readonly #clients = new Map<string, S3Client>()
  readonly #site: Site
  readonly #secrets: readonly string[]
  readonly #closed = new AbortController()

  constructor(options: BucketAdministrationOptions) {
    this.#site = options.site
    this.#secrets = [options.keys.secretAccessKey, options.keys.accessKeyId]
    this.#options = options
  }

  async listBuckets(options: CallOptions = {}): Promise<readonly string[]> {
    return (await this.#buckets(options)).flatMap(({ Name }) => (Name === undefined ? [] : [Name]))
  }

  async bucketDates(options: CallOptions = {}): Promise<ReadonlyMap<string, number>> {
    const dated = (await this.#buckets(options)).flatMap(({ Name, CreationDate }) =>
      Name === undefined || CreationDate === undefined || Number.isNaN(CreationDate.getTime())
        ? []
        : [[Name, CreationDate.getTime()] as const],
    )
    return new Map(dated)
  }

  async bucket(name: string, options: CallOptions = {}): Promise<BucketView | null> {
    const found = await this.#asked('HeadBucket', name, options, ['NOT_FOUND', 'BUCKET_MISSING'], (client, abort) =>
      client.send(new HeadBucketCommand({ Bucket: name }), abort),
    )
    if (found === null) return null
    const [versioning, lock] = await Promise.all([
      this.#asked('GetBucketVersioning', name, options, ['NOT_SUPPORTED'], (client, abort) =>
        client.send(new GetBucketVersioningCommand({ Bucket: name }), abort),
      ).catch(unlessDenied),
      this.#asked('GetObjectLockConfiguration', name, options, noLock, (client, abort) =>
        client.send(new GetObjectLockConfigurationCommand({ Bucket: name }), abort),
      ).catch(unlessDenied),
    ])
    return {
      name,
      versioning: versioning === null || versioning === 'denied' ? 'unknown' : (versioning.Status ?? 'Off'),
      ...(versioning === 'denied' && { versioningUntold: true as const }),
      objectLock: lock !== 'denied' && lock?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
      ...(lock === 'denied' && { lockUntold: true as const }),
      ...(lock !== 'denied' &&
        lock?.ObjectLockConfiguration?.Rule?.DefaultRetention !== undefined && { locksByDefault: true as const }),
    }
  }

  async #buckets(options: CallOptions): Promise<readonly Bucket[]> {
    const { Buckets = [] } = await this.#ask('ListBuckets', undefined, options, (client, abort) =>
      client.send(new ListBucketsCommand({}), abort),
    )
    return Buckets
  }

  async createBucket(name: string, options: CallOptions & { readonly objectLock: boolean }): Promise<void> {
    // us-east-1 has no location constraint: naming it is refused.
    const { region } = this.#site
    const command = new CreateBucketCommand({
      Bucket: name,
      ObjectLockEnabledForBucket: options.objectLock,
      ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: regionName(region) } }),
    })
    await this.#ask('CreateBucket', name, options, (client, abort) => client.send(command, abort))
  }

  async enableVersioning(name: string, options: CallOptions = {}): Promise<void> {
    const command = new PutBucketVersioningCommand({
      Bucket: name,
      VersioningConfiguration: { Status: 'Enabled' },
    })
    await this.#ask('PutBucketVersioning', name, options, (client, abort) => client.send(command, abort))
  }

  async nativeReplication(name: string, options: CallOptions = {}): Promise<readonly string[]> {
    const found = await this.#asked(
      'GetBucketReplication',
      name,
      options,
      ['NOT_FOUND', 'NOT_SUPPORTED'],
      (client, abort) => client.send(new GetBucketReplicationCommand({ Bucket: name }), abort),
    )
    // Ceph answers unknown sub-resources with a bucket listing, which has no rules either.
    return (found?.ReplicationConfiguration?.Rules ?? []).map(describeRule)
  }

  close(reason: Error): void {
    this.#closed.abort(reason)
    for (const client of this.#clients.values()) client.destroy()
  }

  async #ask<T>(operation: string, bucket: string | undefined, { signal }: CallOptions, send: Send<T>): Promise<T> {
    const either = signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal])
    try {
      either.throwIfAborted()
      return await this.#sent({ operation, bucket }, (client) => send(client, { abortSignal: either }))
    } catch (error) {
      if (either.aborted) throw either.reason
      throw faultErrorFrom(error, { operation, bucket, siteId: this.#site.id, secrets: this.#secrets })
    }
  }

  /** As {@link SignedCalls.exchange}: a site that names the right region is asked once more. */
  async #sent<T>({ operation, bucket }: BucketCall, send: (client: S3Client) => Promise<T>): Promise<T> {
    const { endpoints } = this.#options
    const asked = endpoints.at(bucket)
    try {
      this.#options.onRequest?.()
      return await send(this.#client(bucket))
    } catch (error) {
      const hint = await this.#hint(bucket, error)
      if (hint === null) throw error
      if (endpoints.follow(bucket, hint, asked)) {
        this.#options.onRequest?.()
        return send(this.#client(bucket))
      }
      const elsewhere = endpoints.elsewhere(bucket, hint)
      if (elsewhere === null) throw error
      const { status, code } = hint
      const said = { status, code, words: error instanceof Error ? error.message : null, elsewhere }
      throw new FaultError(faultFromAnswer(said, { operation, bucket, siteId: this.#site.id }), { cause: error })
    }
  }

  /** The answer to a HEAD has no words: a GET of the bucket is refused for the same reason, with them. */
  async #hint(bucket: string | undefined, error: unknown): Promise<RedirectHint | null> {
    const own = sdkRedirectHint(error)
    if (own === null || !this.#options.endpoints.isWordless(bucket, own)) return own
    this.#options.onRequest?.()
    const asked = this.#client(bucket).send(new GetBucketLocationCommand({ Bucket: bucket }))
    return asked.then(() => own, sdkRedirectHint)
  }

  #client(bucket: string | undefined): S3Client {
    const { endpoint, region } = this.#options.endpoints.at(bucket)
    const name = `${endpoint} ${region}`
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = sdkClient({ ...this.#options, site: { ...this.#site, endpoint, region } })
    this.#clients.set(name, client)
    return client
  }

  /** {@link #ask}, with null for refusals that only say that there is nothing. */
  async #asked<T>(
    operation: string,
    bucket: string,
    options: CallOptions,
    nothing: readonly FaultCode[],
    send: Send<T>,
  ): Promise<T | null> {
    try {
      return await this.#ask(operation, bucket, options, send)
    } catch (error) {
      if (error instanceof FaultError && nothing.includes(error.fault.code)) return null
      throw error
    }
  }
}

const noLock: readonly FaultCode[] = ['BUCKET_LOCK_MISSING', 'NOT_FOUND', 'NOT_SUPPORTED']

/** The SDK keeps elements of the error document as properties of its error. */
function sdkRedirectHint(error: unknown): RedirectHint | null {
  if (!(error instanceof Error) || !('$metadata' in error)) return null
  const { $metadata, $response } = error as S3ServiceException
  const text = (name: 'Region' | 'Endpoint'): string | null => {
    const value: unknown = Reflect.get(error, name)
    return typeof value === 'string' ? value : null
  }
  const headers = $response?.headers ?? {}
  return {
    status: $metadata.httpStatusCode ?? 0,
    code: sdkCode(error),
    headers,
    region: text('Region'),
    endpoint: text('Endpoint'),
  }
}

/** A right that is missing is no answer. Who may not read the lock configuration cannot write locks either. */
function unlessDenied(error: unknown): 'denied' {
  if (error instanceof FaultError && error.fault.code === 'ACCESS_DENIED') return 'denied'
  throw error
}

function sdkClient({ site, keys, timeouts, secureContext }: BucketAdministrationOptions): S3Client {
  const secure = secureContext === undefined ? {} : { secureContext }
  return new S3Client({
    endpoint: site.endpoint,
    region: site.region,
    forcePathStyle: site.pathStyle,
    credentials: keys,
    // Anything else breaks sites that are not AWS.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Retry is decided once, in the queue.
    maxAttempts: 1,
    // The SDK would sign by the site's clock after the first refusal, and a site that refuses all else would seem well.
    disableClockSkewCorrection: true,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.responseMs,
      throwOnRequestTimeout: true,
      socketTimeout: timeouts.stallMs,
      httpAgent: new HttpAgent({ maxSockets: 16 }),
      httpsAgent: new HttpsAgent({ maxSockets: 16, rejectUnauthorized: !site.tls.insecureSkipVerify, ...secure }),
    }),
  })
}

/** The SDK lists AWS's regions; other sites name theirs as they like. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any text is sent as it is
const regionName = (region: string): BucketLocationConstraint => region as BucketLocationConstraint

function describeRule({ ID, Status, Destination, Filter, Prefix }: ReplicationRule): string {
  const prefix = Filter?.Prefix ?? Prefix ?? ''
  const where = Destination?.Bucket ?? 'an unnamed target'
  return `${ID ?? 'rule'} → ${where}${prefix === '' ? '' : ` (${prefix}…)`}${Status === 'Enabled' ? '' : ', disabled'}`
}
