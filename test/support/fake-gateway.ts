import type { EngineApi } from '../../shared/api/engine-api.ts'
import type { GatewayKeyView, GatewayView } from '../../shared/model/gateway.ts'
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
            : { kind: 'listening', url: `http://${settings.listen}`, since: world.now },
        exposedAs: settings === null ? null : 'Only programs on this machine reach it.',
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
