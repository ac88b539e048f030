import { randomBytes, randomUUID } from 'node:crypto'
import { AckKeeper } from '../gateway/acks/ack-keeper.ts'
import { DegradedRules } from '../gateway/acks/degraded-rules.ts'
import { ClientKeys } from '../gateway/client-keys.ts'
import { Gateway } from '../gateway/gateway.ts'
import { unrepairableTeller } from '../gateway/read-quorum/unrepairable.ts'
import { Replicas } from '../gateway/replicas.ts'
import { BucketFacts } from '../gateway/dual-write/bucket-facts.ts'
import { DualWriter } from '../gateway/dual-write/dual-write.ts'
import { Upstream } from '../gateway/upstream.ts'
import { isSealed } from '../replicate/marks/origin.ts'
import type { EngineOptions } from './options.ts'
import type { Ground } from './ground.ts'
import type { JoinedIntake } from './intake.ts'
import type { JoinedLinks } from './links.ts'
import type { Notices } from './notices.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'
import type { Transfers } from './transfers.ts'

/** The S3 endpoint for clients. */
export interface GatewayPart {
  readonly gateway: Gateway
}

type PartsForGateway = Ground & Notices & Records & JoinedSites & JoinedLinks & JoinedIntake & Transfers

export function joinGateway(options: EngineOptions, made: PartsForGateway): GatewayPart {
  const { journal, rules, sites, intake, taskEnds, dispatcher, pool, sseCKeys, clock, now, log, tell, changed } = made
  const degraded = joinDegraded(made)
  const upstream = new Upstream({
    site: (siteId) => sites.get(siteId),
    keys: (siteId) => sites.keys(siteId),
    timeouts: options.timeouts,
    now,
  })
  const gateway = new Gateway({
    records: journal.records,
    keys: new ClientKeys({
      records: journal.records,
      credentials: options.credentials,
      environment: options.environment,
      randomBytes,
      now,
    }),
    degraded,
    context: {
      upstream,
      intake,
      acks: new AckKeeper({ taskEnds, degraded, clock, makeUrgent: (seqs) => dispatcher.makeUrgent(seqs) }),
      dualWriter: joinDualWriter(made, upstream, degraded),
      replicas: joinReplicas(made),
      list: (siteId, request, signal) => pool.list(siteId, request, signal),
      cannotRepair: unrepairableTeller(made.tell),
      isSealed: (headers, place) => isSealed(headers, place, made.seal),
      namesKey: ({ fidelity }, md5) =>
        sseCKeys.all().some((key) => key.md5 === md5 && fidelity.sseCKeys.includes(key.name)),
      journalFault: () => journal.state.fault(),
      stoppedByBrake: ({ id }) => rules.has(id) && rules.get(id).paused?.by === 'brake' && !degraded.has(id),
      now,
    },
    rules: () => rules.rules(),
    hasSite: (siteId) => sites.has(siteId),
    now,
    onChange: () => changed('gateway'),
    tell: (level, text, fault) => tell(level, 'gateway', text, { fault }),
    onError: (error) => log.error({ err: error }, 'The gateway could not answer a request.'),
  })
  return { gateway }
}

function joinDualWriter(
  {
    journal: { atOnce },
    intake,
    queue,
    taskEnds,
    dispatcher,
    brakes,
    sites,
    links,
    tasks,
    clock,
    log,
    seal,
  }: PartsForGateway,
  upstream: Upstream,
  degraded: DegradedRules,
): DualWriter {
  const buckets = new BucketFacts((siteId, bucket) => sites.store(siteId).bucket(bucket), clock)
  return new DualWriter({
    intake,
    queue,
    taskEnds,
    upstream,
    clock,
    facts({ linkId, source, target, rule }) {
      const bucket = buckets.of(source.site, source.bucket)
      const health = sites.has(target.site) ? sites.health(target.site) : null
      return {
        order: links.order(linkId),
        source: bucket && { versioned: bucket.versioning === 'Enabled', objectLock: bucket.objectLock },
        // While the brake judges content, a write goes by the worker, which sees what it puts out of use.
        online: health !== null && health.state !== 'offline' && !brakes.isAttentive(rule, linkId),
        rttMs: health?.rttMs?.median ?? null,
      }
    },
    isDegraded: (ruleId) => degraded.has(ruleId),
    settle(seq, outcome) {
      const task = atOnce.task(seq)
      const overwrote = task !== null && atOnce.pairs(task.linkId, task.key).length > 0
      return dispatcher.settle(seq, overwrote ? { ...outcome, overwrote } : outcome)
    },
    makeUrgent: (seqs) => dispatcher.makeUrgent(seqs),
    onMoved: (linkId, bytes) => void tasks.emit('moved', linkId, 0, bytes),
    onError: (error) =>
      log.error({ err: error }, 'A write to several sites at a time could not be brought to its end.'),
    newId: randomUUID,
    seal,
  })
}

function joinReplicas({ journal: { atOnce }, intake, sites, identities }: PartsForGateway): Replicas {
  return new Replicas({
    atOnce,
    intake,
    isOnline: (siteId) => sites.has(siteId) && !sites.isOffline(siteId),
    rttMs: (siteId) => (sites.has(siteId) ? (sites.health(siteId).rttMs?.median ?? null) : null),
    adopts({ target }) {
      const state = identities.state(target)
      return 'probing' in state ? null : state.identity !== 'mints'
    },
  })
}

function joinDegraded({ journal, rules, linkBook, clock, tell, changed }: PartsForGateway): DegradedRules {
  const announce = (): void => {
    changed('rules')
    changed('gateway')
  }
  return new DegradedRules({
    totals: (linkId) => journal.atOnce.totals(linkId),
    rule: (ruleId) => (rules.has(ruleId) ? rules.get(ruleId).rule : null),
    linksOf: (rule) => linkBook.linksOf(rule),
    clock,
    onDegraded({ id, ack }, reason) {
      const text = `Rule ${id} answers its clients as async for the time being, not as “${ack.policy}”: ${reason}`
      tell('warning', 'gateway', text, { ruleId: id })
      announce()
    },
    onRecovered({ id, ack }, forMs) {
      const after = forMs < 1000 ? 'less than 1 s' : `${Math.round(forMs / 1000).toLocaleString('en')} s`
      tell('info', 'gateway', `Rule ${id} keeps its promise “${ack.policy}” again, after ${after}.`, { ruleId: id })
      announce()
    },
  })
}
