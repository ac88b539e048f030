import { z } from 'zod'
import { ruleSchema, type Rule } from '../../shared/model/rule.ts'
import type { World } from './world.ts'

const plain = z.object(ruleSchema.shape)

/** A rule as an operator would send it back changed. */
export function ruleOf(world: World, id = 'r'): Rule {
  return plain.parse(world.api().rules.get({ id }))
}
