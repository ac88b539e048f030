import type { EngineApi } from '../../shared/api/engine-api.ts'
import { gatewayRights } from '../../shared/model/gateway-rights.ts'
import type { GatewayKeyView, GatewayRequest, GatewayView } from '../../shared/model/gateway.ts'
import { neededTargets } from '../../shared/model/quorum.ts'
import type { RuleView } from '../../shared/model/rule.ts'
import type { FakeWorld } from './fake-world.ts'

export function gatewayOff(now: number): GatewayView {
  return {
    asOf: now,
    state: { kind: 'off' },
    settings: null,
    exposedAs: null,
    rules: [],
    keys: [],
    counts: { requests: 0, refused: 0, failed: 0, readBytes: 0, writtenBytes: 0 },
    openConnections: 0,
    underWay: 0,
  }
}

/** Turns the gateway of a full world on: clients with keys, requests of every outcome, and one rule that is degraded. */
export function openGateway(world: FakeWorld): void {
  const { now } = world
  const promises: Readonly<Record<string, Partial<RuleView>>> = {
    'photos-to-oslo': {
      ack: { policy: 'all', timeoutMs: 5000, onTimeout: 'degrade', reads: 'source' },
      degraded: { since: now - 47 * 60_000, reason: 'lyon did not confirm “2026/11/raw/img-0041.jpg” within 5 s.' },
    },
    'ledger-to-aws-frankfurt': { ack: { policy: 'one', timeoutMs: 10_000, onTimeout: 'fail', reads: 'source' } },
    'builds-to-lyon': {
      ack: { policy: 'async', timeoutMs: 10_000, onTimeout: 'fail', reads: 'quorum' },
      versionDeletes: true,
    },
  }
  world.rules = world.rules.map((rule) => ({ ...rule, ...promises[rule.id] }))
  world.gateway = {
    ...gatewayOff(now),
    state: { kind: 'listening', url: 'http://127.0.0.1:9000', since: now - 3 * 3_600_000 },
    settings: { site: 'berlin', listen: '127.0.0.1:9000', hostnames: ['s3.example.org'], tls: null },
    exposedAs: 'Only programs on this machine reach it.',
    rules: world.rules.slice(0, 4).map(promiseOf),
    keys: [
      { ...keyOf('LSBACKUP7Q', 'backup', ['read', 'write', 'tags'], ['backups-daily'], now), prefixes: ['nas-2/'] },
      keyOf('LSPHOTOS2M', 'photo upload', ['read', 'write', 'delete', 'tags'], ['photos', 'web-assets'], now),
      { ...keyOf('LSREPORT9X', 'reports', ['read'], [], now), expiresAt: now + 5 * 86_400_000 },
      { ...keyOf('LSAUDIT4KD', 'audit 2025', ['read', 'deleteVersions'], ['ledger'], now), expiresAt: now - 7_200_000 },
      { ...keyOf('batch-client', '', gatewayRights, ['ledger'], now), from: 'config', lastUsedAt: null },
    ],
    counts: { requests: 48_211, refused: 12, failed: 3, readBytes: 9.1e11, writtenBytes: 4.4e11 },
    openConnections: 14,
    underWay: 3,
  }
  world.gatewayRequests = Array.from({ length: 60 }, (_, index) => requestFrom(60 - index, now))
}

function promiseOf({ id, source, targets, ack, degraded }: RuleView): GatewayView['rules'][number] {
  const needed = neededTargets(ack.policy, targets.length) + 1
  return { ruleId: id, source, ack, sites: targets.length + 1, needed, degraded }
}

function keyOf(
  accessKeyId: string,
  label: string,
  rights: GatewayKeyView['rights'],
  buckets: string[],
  now: number,
): GatewayKeyView {
  const from = 'console'
  const grant = { rights, buckets, prefixes: [], expiresAt: null }
  return { ...grant, accessKeyId, label, from, createdAt: now - 9 * 86_400_000, lastUsedAt: now - 14_000 }
}

const answers: readonly (readonly [operation: string, status: number, code: string | null, acks: string | null])[] = [
  ['PutObject', 200, null, '3/3'],
  ['GetObject', 206, null, null],
  ['PutObject', 200, null, '2/3'],
  ['ListObjectsV2', 200, null, null],
  ['PutObject', 503, 'ServiceUnavailable', '1/2'],
  ['DeleteObject', 204, null, '2/2'],
  ['HeadObject', 404, 'NoSuchKey', null],
  ['PutObject', 403, 'SignatureDoesNotMatch', null],
  ['GetObject', 0, null, null],
  ['Unknown', 501, 'NotImplemented', null],
]

function requestFrom(id: number, now: number): GatewayRequest {
  const [operation, status, code, acks] = answers[id % answers.length]!
  const listing = operation === 'ListObjectsV2'
  return {
    id,
    at: now - (60 - id) * 1700,
    operation,
    bucket: id % 3 === 0 ? 'ledger' : 'photos',
    key: listing ? '' : `2026/11/raw/img-${String(id).padStart(4, '0')} – Übersicht.jpg`,
    status,
    code,
    acks,
    servedBy: operation === 'GetObject' && id % 4 === 1 ? 'oslo' : null,
    durationMs: 3.2 + ((id * 37) % 400),
    accessKeyId: code === 'SignatureDoesNotMatch' ? null : id % 3 === 0 ? 'batch-client' : 'LSPHOTOS2M',
  }
}

/** The gateway's procedures over the world's view; `announce` pushes its topic. */
export function createFakeGateway(world: FakeWorld, announce: () => void): EngineApi['gateway'] {
  const change = (change: Partial<GatewayView>): GatewayView => {
    world.gateway = { ...world.gateway, ...change }
    announce()
    return world.gateway
  }
  return {
    view: () => world.gateway,
    update: async ({ settings }) =>
      change({
        settings,
        state:
          settings === null || settings.listen === null
            ? { kind: 'off' }
            : {
                kind: 'listening',
                url: `${settings.tls === null ? 'http' : 'https'}://${settings.listen}`,
                since: world.now,
              },
        exposedAs: settings === null || settings.listen === null ? null : 'Only programs on this machine reach it.',
      }),
    keys: {
      list: () => world.gateway.keys,
      create: async (grant) => {
        const accessKeyId = `LSFAKE${world.gateway.keys.length + 1}`
        const key: GatewayKeyView = { ...grant, accessKeyId, from: 'console', createdAt: world.now, lastUsedAt: null }
        change({ keys: [...world.gateway.keys, key] })
        return { ...key, secretAccessKey: 'shown/once/0123456789' }
      },
      revoke: async ({ accessKeyId }) =>
        void change({ keys: world.gateway.keys.filter((key) => key.accessKeyId !== accessKeyId) }),
    },
    requests: ({ failedOnly, limit }) =>
      world.gatewayRequests.filter(({ code }) => !failedOnly || code !== null).slice(0, limit),
  }
}
