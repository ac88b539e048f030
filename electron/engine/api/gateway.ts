import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { Gateway } from '../gateway/gateway.ts'

export function gatewayApi(gateway: Gateway): EngineApi['gateway'] {
  return {
    view: () => gateway.view(),
    async update({ settings }) {
      await gateway.configure(settings)
      return gateway.view()
    },
    keys: {
      list: () => gateway.keys.list(),
      create: (wanted) => gateway.createKey(wanted),
      revoke: ({ accessKeyId }) => gateway.revokeKey(accessKeyId),
    },
    requests: ({ limit, failedOnly }) => gateway.requests(limit, failedOnly),
  }
}
