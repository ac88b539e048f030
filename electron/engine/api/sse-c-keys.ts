import type { EngineApi } from '../../../shared/api/engine-api.ts'
import type { Parts } from '../parts.ts'

export function sseCKeysApi({ sseCKeys, tell }: Pick<Parts, 'sseCKeys' | 'tell'>): EngineApi['sseCKeys'] {
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
