import { ruleOf as bare, type Rule } from '../../shared/model/rule.ts'
import type { World } from './world.ts'

/** A rule as an operator would send it back changed. */
export function ruleOf(world: World, id = 'r'): Rule {
  return bare(world.api().rules.get({ id }))
}
