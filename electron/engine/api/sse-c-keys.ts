import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { Tell } from '../log/activity.ts'
import type { SseCKeys } from '../site/sse-c-keys.ts'

export interface SseCKeysParts {
  readonly sseCKeys: SseCKeys
  readonly tell: Tell
}

export function sseCKeysApi({ sseCKeys, tell }: SseCKeysParts): EngineApi['sseCKeys'] {
  return {
    list: () => sseCKeys.list(),
    async put({ name, key }) {
      const view = await sseCKeys.put(name, key)
      tell('info', 'engine', `The SSE-C key ${name} was stored.`)
      return view
    },
    async remove({ name }) {
      await sseCKeys.remove(name)
      tell('info', 'engine', `The SSE-C key ${name} was removed.`)
    },
  }
}
