import type { DemoView, EngineApi } from '../../../shared/api/engine-api.ts'
import type { Config } from '../../../shared/model/config.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type { JournalLimits } from '../journal/sqlite/sqlite-journal.ts'
import type { RetryPolicy } from '../queue/retry.ts'
import type { CredentialStore } from '../site/credentials.ts'
import type { Timeouts } from '../store/wire/request.ts'

/** What a host gives the engine. The engine never reads the environment, the command line or the clock by itself. */
export interface EngineOptions {
  /** Holds the journal; made when it is not there. One engine at a time. */
  readonly dataDir: string
  readonly credentials: CredentialStore
  /** Declared sites, rules and workers: applied over what the journal holds. */
  readonly config: Config | null
  readonly environment: Readonly<Record<string, string | undefined>>
  /** JSON lines; secrets are redacted before they get here. */
  readonly log: (line: string) => void
  readonly demo: DemoControl | null
  readonly version: string
  /** Over the usual ones: how long a site may take. */
  readonly timeouts?: Partial<Timeouts> | undefined
  /** Over the usual ones: what the journal keeps, and how large it may grow. */
  readonly journalLimits?: Partial<JournalLimits> | undefined
  /** Over the usual ones: how soon a failed task is tried again. */
  readonly retry?: Partial<RetryPolicy> | undefined
  /** Over a minute: how long a source must be away until the targets are looked over when it returns. */
  readonly longOutageMs?: number | undefined
  /** Over a minute: how often it is asked whether the buckets are still what they were. */
  readonly bucketCheckMs?: number | undefined
}

/** The switch of `npm run demo`. */
export interface DemoControl {
  get(): DemoView
  set(targetBroken: boolean): Promise<DemoView>
}

export interface Engine {
  readonly api: EngineApi
  /** Where the webhook receiver listens, with its secret path; null when it is off. */
  readonly webhookUrl: string | null
  /** Where the S3 gateway listens; null while it does not. */
  gatewayUrl(): string | null
  /** An error that no code caught and that was survived: the engine counts it and tells the operator. */
  noteStray(fault: Fault): void
  /** Hands back what is in flight, flushes the journal, releases its lock. */
  stop(): Promise<void>
}
