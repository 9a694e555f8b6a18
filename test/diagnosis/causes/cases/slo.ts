import { budget, fails, release } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const month = { '1d': [40, 200_000], '3d': [90, 600_000], '6h': [600, 50_000], '2h': [600, 17_000] } satisfies Record<
  string,
  [number, number]
>
const fast = budget('error-rate', { ...month, '5m': [50, 900], '30m': [500, 5000], '1h': [600, 9000], window: [900, 6_000_000] })
const slow = budget('error-rate', {
  '5m': [3, 900],
  '30m': [16, 5000],
  '1h': [30, 9000],
  '2h': [60, 18_000],
  '6h': [170, 54_000],
  '1d': [690, 216_000],
  '3d': [2000, 648_000],
  window: [2300, 6_000_000],
})
const calm = {
  '5m': [0, 900],
  '30m': [1, 5000],
  '1h': [2, 9000],
  '2h': [3, 18_000],
  '6h': [9, 54_000],
  '1d': [20, 216_000],
} satisfies Record<string, [number, number]>

export const cases: Case[] = [
  {
    code: 'slo_fast_burn',
    what: 'a release fails a request in seventeen, and the budget goes with it',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'slo-violations',
    fault: [
      release(
        (_, main) => {
          main.image = 'registry.example/kestrel:1.9.0'
        },
        { pods: 1 },
      ),
      fails(0.18, 'new', { minutes: 10 }),
      fast,
    ],
    without: [budget('error-rate', { ...calm, '3d': [60, 648_000], window: [900, 6_000_000] })],
    instead: 'bad_release',
  },
  {
    code: 'slo_slow_burn',
    what: 'three requests in a thousand fail, for days',
    subject: 'Deployment/kestrel',
    remedy: 'escalate',
    runbook: 'slo-violations',
    fault: [slow],
    without: [budget('error-rate', { ...calm, '3d': [60, 648_000], window: [900, 6_000_000] })],
    instead: 'none',
  },
  {
    code: 'budget_exhausted',
    what: 'it is calm now, but the month is spent',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'slo-violations',
    fault: [budget('error-rate', { ...calm, '3d': [60, 648_000], window: [7100, 6_000_000] })],
    without: [budget('error-rate', { ...calm, '3d': [60, 648_000], window: [5900, 6_000_000] })],
    instead: 'none',
  },
  {
    code: 'insufficient_traffic',
    what: 'one of three requests failed, and no more were made',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'slo-violations',
    fault: [
      budget(
        'error-rate',
        { '5m': [0, 0], '30m': [1, 3], '1h': [1, 3], '2h': [1, 3], '6h': [1, 3], '1d': [1, 3], '3d': [1, 3], window: [1, 3] },
        60,
      ),
    ],
    without: [
      budget(
        'error-rate',
        { '5m': [0, 0], '30m': [0, 3], '1h': [0, 3], '2h': [0, 3], '6h': [0, 3], '1d': [0, 3], '3d': [0, 3], window: [0, 3] },
        60,
      ),
    ],
    instead: 'none',
  },
]
