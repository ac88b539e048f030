import type { DemoView } from '../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import type { DemoControl } from '../engine/composition/options.ts'

/** The demo's switch, whose sample sites run in a process of their own: `POST url?broken=true|false`. */
export function demoControlAt(url: string, targetSite: string): DemoControl {
  let view: DemoView = { targetBroken: false, targetSite }
  return {
    get: () => view,
    set: async (targetBroken) => {
      const answer = await fetch(`${url}?broken=${targetBroken}`, { method: 'POST' }).catch(() => null)
      if (answer?.ok !== true) throw new FaultError(fault('CONFLICT', 'The demo’s sample sites do not answer.'))
      view = { targetBroken, targetSite }
      return view
    },
  }
}
