import { S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'

/** What every kind of test site offers: an endpoint and the keys that open it. */
export interface SiteAccess {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Whose certificates count, where the endpoint is https. */
  readonly caFile?: string | undefined
}

/** The SDK as the tests use it: path style, no added checksums (Ceph takes no trailers), retries for load only. */
export function s3Client(site: SiteAccess, sockets = 64, attempts = 3): S3Client {
  return new S3Client({
    endpoint: site.endpoint,
    region: site.region,
    forcePathStyle: true,
    credentials: { accessKeyId: site.accessKeyId, secretAccessKey: site.secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: attempts,
    requestHandler: new NodeHttpHandler({
      httpAgent: new Agent({ keepAlive: true, maxSockets: sockets }),
      ...(site.caFile === undefined
        ? {}
        : { httpsAgent: new TlsAgent({ keepAlive: true, maxSockets: sockets, ca: readFileSync(site.caFile) }) }),
      requestTimeout: 60_000,
    }),
  })
}
