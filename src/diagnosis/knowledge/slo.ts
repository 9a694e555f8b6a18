/** What was promised and is not kept. What cures it is what cures its cause. */
import type { KnownCauses } from './words.ts'

const anyChange = { action: 'restart' as const, why: 'a change without a known cause spends more of the budget' }

export const slo: KnownCauses = {
  slo_fast_burn: {
    cures: [{ action: 'escalate', why: 'the cause has to be found and removed within hours' }],
    never: [anyChange],
    owner: 'service',
  },
  slo_slow_burn: {
    cures: [{ action: 'escalate', why: 'the cause has to be found within days; a person plans it' }],
    never: [anyChange],
    owner: 'service',
  },
  budget_exhausted: {
    cures: [{ action: 'manual', why: 'ship nothing but repairs until some of the budget is back' }],
    never: [anyChange],
    owner: 'service',
  },
  insufficient_traffic: {
    cures: [{ action: 'manual', why: 'watch it with requests of your own, or over a longer time' }],
    never: [{ action: 'rollback', why: 'so few requests prove nothing against a release' }, anyChange],
    owner: 'service',
  },
}
