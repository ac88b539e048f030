import type { EngineApi } from '../../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'

export function gatewayApi(now: () => number): EngineApi['gateway'] {
  const refuse = (): never => {
    throw new FaultError(fault('NOT_SUPPORTED', 'This engine has no gateway.'))
  }
  return {
    view: () => ({
      asOf: now(),
      state: { kind: 'off' },
      settings: null,
      exposedAs: null,
      rules: [],
      keys: [],
      counts: { requests: 0, refused: 0, failed: 0, readBytes: 0, writtenBytes: 0 },
      openConnections: 0,
      underWay: 0,
    }),
    update: refuse,
    keys: { list: () => [], create: refuse, revoke: refuse },
    requests: () => [],
  }
}
