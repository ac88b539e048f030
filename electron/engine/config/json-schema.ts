import { z } from 'zod'
import { configSchema } from '../../../shared/model/config.ts'

/** What an editor needs to check and complete `lockstep.config.json`; kept in `build/config.schema.json`. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    $id: 'lockstep.config.schema.json',
    title: 'lockstep.config.json',
  }
}
