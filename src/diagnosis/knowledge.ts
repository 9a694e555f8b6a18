/** What is known of each cause whatever the case: what it brings about, what cures it, what must not be done, who owns it. */
import { configuration } from './knowledge/configuration.ts'
import { dependencies } from './knowledge/dependencies.ts'
import { load } from './knowledge/load.ts'
import { placement } from './knowledge/placement.ts'
import { refused } from './knowledge/refused.ts'
import { resources } from './knowledge/resources.ts'
import { rollout } from './knowledge/rollout.ts'
import { routing } from './knowledge/routing.ts'
import { security } from './knowledge/security.ts'
import { sight } from './knowledge/sight.ts'
import { slo } from './knowledge/slo.ts'
import { start } from './knowledge/start.ts'
import type { Knowledge, KnownCauses } from './knowledge/words.ts'

export type { Knowledge } from './knowledge/words.ts'

export const knowledge: KnownCauses = {
  ...start,
  ...placement,
  ...refused,
  ...rollout,
  ...routing,
  ...configuration,
  ...dependencies,
  ...resources,
  ...load,
  ...security,
  ...sight,
  ...slo,
}

export const unknownCause: Knowledge = {
  cures: [{ action: 'escalate', why: 'no action is known to cure this' }],
  never: [],
  owner: 'service',
}
