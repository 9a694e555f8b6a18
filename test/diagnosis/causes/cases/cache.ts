import { metric, over, release } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const hits = (before: number, lately: number) => [
  over('cache', { result: 'hit' }, (minutes) => (minutes > 10 ? before : lately)),
  over('cache', { result: 'miss' }, (minutes) => 1 - (minutes > 10 ? before : lately)),
  metric('cache', [{ result: 'hit' }, 1000 * lately], [{ result: 'miss' }, 1000 * (1 - lately)]),
]

export const cases: Case[] = [
  {
    code: 'cache_ineffective',
    what: 'since a release the cache answers next to nothing',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'performance-degradation',
    fault: [
      release((_, main) => {
        main.image = 'registry.example/kestrel:1.9.0'
      }),
      ...hits(0.93, 0.04),
    ],
    without: hits(0.93, 0.91),
    instead: 'none',
  },
  {
    code: 'cache_ineffective',
    what: 'the cache answers next to nothing, and nothing of ours changed',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'performance-degradation',
    fault: hits(0.93, 0.04),
    without: hits(0.1, 0.04),
    instead: 'none',
  },
]
