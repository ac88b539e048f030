/*
 * Sandbox: an S3 server over a folder that can be told to be slow, to refuse or to lie. The demo's sites and the fake of most
 * tests; held to the same conformance suite as real servers.
 */

import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { SignatureVerifier } from '../s3/signature-verifier.ts'
import { Catalog } from './catalog.ts'
import { ChangeStream } from './change-stream.ts'
import type { PlainMarkers, SandboxIdentity, SiteState, TagText } from './exchange.ts'
import { FaultSwitch } from './fault-switch.ts'
import { RequestLog } from './request-log.ts'
import { S3Server } from './s3-server.ts'

export interface SandboxSiteOptions {
  /** Holds everything; made when it is not there. Opened again, the site is as it was. One site at a time. */
  readonly dir: string
  /** 0, the default, takes any free port. */
  readonly port?: number
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Default `mints`: version ids of its own, in order of arrival, as AWS. */
  readonly identity?: SandboxIdentity
  /** Default `as-aws`. */
  readonly plainMarkers?: PlainMarkers
  /** Default `any`. */
  readonly tagText?: TagText
  /** Default `us-east-1`. Signatures for another region are refused. */
  readonly region?: string
  /** `none`: has no change stream to listen to. Default `listen`. */
  readonly changeStream?: 'listen' | 'none'
  /** Epoch ms. */
  readonly clock?: () => number
  /** That many random bytes, for version and upload ids. */
  readonly random?: (bytes: number) => Uint8Array
}

export interface SandboxSite {
  /** `http://127.0.0.1:PORT`, path style. `Host: BUCKET.localhost` is understood as well. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly faults: FaultSwitch
  readonly requests: RequestLog
  /** Resets what is under way. What was answered before is kept in the directory. May be called again. */
  close(): Promise<void>
}

/** Starts an S3 server over a folder, for the demo and the tests. */
export async function createSandboxSite(options: SandboxSiteOptions): Promise<SandboxSite> {
  const { dir, accessKeyId, secretAccessKey, region = 'us-east-1', clock = Date.now } = options
  await mkdir(dir, { recursive: true })
  const catalog = await Catalog.open(dir)
  const state: SiteState = {
    catalog,
    changes: new ChangeStream(),
    identity: options.identity ?? 'mints',
    plainMarkers: options.plainMarkers ?? 'as-aws',
    tagText: options.tagText ?? 'any',
    region,
    random: options.random ?? randomBytes,
  }
  const requests = new RequestLog()
  const server = new S3Server({
    state,
    verifier: new SignatureVerifier({
      region,
      secretOf: (given) => (given === accessKeyId ? secretAccessKey : undefined),
    }),
    now: () => clock() + faults.clockSkewMs,
    requests,
    changeStream: options.changeStream ?? 'listen',
  })
  const faults = new FaultSwitch(server)
  server.useFaults(faults)
  const port = await server.open(options.port ?? 0)
  const close = async (): Promise<void> => {
    await server.close()
    catalog.close()
  }
  let closed: Promise<void> | null = null
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region,
    accessKeyId,
    secretAccessKey,
    faults,
    requests,
    close: () => (closed ??= close()),
  }
}
