/** When the trouble is with looking. */
import type { KnownCauses } from './words.ts'

export const sight: KnownCauses = {
  wrong_target: { cures: [{ action: 'manual', why: 'name the workload that is meant' }], never: [], owner: 'you' },
  access_denied: {
    folds: ['wrong_target', 'telemetry_gap'],
    cures: [{ action: 'manual', why: 'ask for the read Role (deploy/rbac); task-mcp doctor prints the rule' }],
    never: [],
    owner: 'platform',
  },
  telemetry_gap: {
    cures: [{ action: 'manual', why: 'let Prometheus scrape the pods' }],
    never: [{ action: 'restart', why: 'it does not bring the measurements back' }],
    owner: 'platform',
  },
}
