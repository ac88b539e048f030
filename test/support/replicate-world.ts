import { onTestFinished } from 'vitest'
import { fidelityKindsOf, type KnownSite } from '../../shared/model/fidelity.ts'
import { fidelitySchema } from '../../shared/model/rule.ts'
import { FaultError } from '../../shared/model/fault.ts'
import type { VersionPair } from '../../electron/engine/journal/port/versions.ts'
import { replicate } from '../../electron/engine/replicate/attempt/replicate.ts'
import type { ReplicationContext } from '../../electron/engine/replicate/context.ts'
import type { ObjectStore } from '../../electron/engine/store/port.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import type { LinkOrder, Outcome, TaskOrder } from '../../electron/engine/replicate/port.ts'
import type { SiteAccess } from './s3-site.ts'

type Order = Pick<TaskOrder, 'key' | 'versionId' | 'operation'> & Partial<TaskOrder>

/** One worker's tasks of one link, carried out one by one; it remembers what the journal would. */
export interface Worker {
  readonly pairs: ReadonlyMap<string, readonly VersionPair[]>
  /** A fault comes as an outcome, as a transfer thread reports it. */
  run(order: Order): Promise<Outcome>
}

/** The store of a test site, closed with the test. */
export function storeFor(id: string, site: SiteAccess): ObjectStore {
  const store = createStore({
    site: {
      id,
      name: id,
      endpoint: site.endpoint,
      region: site.region,
      pathStyle: true,
      tls: { insecureSkipVerify: true },
    },
    keys: site,
    sockets: 4,
  })
  onTestFinished(() => store.close())
  return store
}

/** `to` and `of`: what is known of the target and the source, for what the link's fidelity says of it. */
export function workerBetween(
  source: SiteAccess,
  target: SiteAccess,
  rule: Partial<LinkOrder['rule']> = {},
  to: KnownSite = null,
  of: KnownSite = null,
): Worker {
  const pairs = new Map<string, readonly VersionPair[]>()
  const fidelity = rule.fidelity ?? fidelitySchema.parse({})
  const link: LinkOrder = {
    ruleId: 'r',
    linkId: 'r/t/data',
    source: { site: 's', bucket: 'data' },
    target: { site: 't', bucket: 'data' },
    rule: {
      filter: { prefix: '', exclude: [], tags: {} },
      deleteMarkers: true,
      versionDeletes: true,
      metadata: false,
      objectLock: 'ignore',
      storageClass: null,
      fidelity,
      ...rule,
    },
    fidelity: fidelityKindsOf({ metadata: false, objectLock: 'ignore', storageClass: null, fidelity }, of, to),
    identity: 'mints',
    ordersByMtime: false,
    copySince: 0,
    coversBefore: 0,
  }
  const stores = { source: storeFor('s', source), target: storeFor('t', target) }
  return {
    pairs,
    async run(order) {
      const known = pairs.get(order.key) ?? []
      const full = {
        linkId: link.linkId,
        seq: 1,
        attempt: 1,
        attemptId: '1',
        knownAbsent: false,
        upload: null,
        sizeBytes: null,
        changedAt: 0,
      }
      // What came the other way came by a rule that leads back.
      const opposite = order.came === undefined ? {} : { opposite: { linkId: 'back/s/data', versionDeletes: true } }
      const outcome = await outcomeOf({ ...full, ...order, pairs: known }, { ...link, ...opposite }, stores)
      if (outcome.kind === 'settled') {
        const gone = new Set([...outcome.forgotten, ...outcome.learned.map((pair) => pair.sourceVersionId)])
        pairs.set(order.key, [...known.filter((pair) => !gone.has(pair.sourceVersionId)), ...outcome.learned])
      }
      return outcome
    },
  }
}

async function outcomeOf(
  order: TaskOrder,
  link: LinkOrder,
  stores: Pick<ReplicationContext, 'source' | 'target'>,
): Promise<Outcome> {
  const nothing = (): void => {}
  try {
    return await replicate({
      order,
      link,
      ...stores,
      pacer: { limited: false, take: () => Promise.resolve() },
      markers: { sent: () => Promise.resolve(), ended: nothing },
      uploads: { started: () => Promise.resolve(), partDone: nothing, ended: nothing },
      signal: new AbortController().signal,
      now: Date.now,
      onProgress: nothing,
      onRead: nothing,
      onWritten: nothing,
    })
  } catch (error) {
    if (error instanceof FaultError) return { kind: 'fault', fault: error.fault }
    throw error
  }
}
