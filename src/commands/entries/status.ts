import type { CommandEntry } from '../entry.ts'
import { explainOption } from '../explain-option.ts'
import { serviceOptions } from '../options.ts'

export const status: CommandEntry = {
  usage: 'status',
  summary: 'show the service at a glance',
  group: 'look',
  about:
    'One screen: the rollout, health, error rate and latency with their last hour, pods, firing alerts and the last changes. It shows and does not explain: task-mcp diagnose does.',
  options: [explainOption, ...serviceOptions],
  examples: [
    { line: 'task-mcp status', about: 'now' },
    { line: 'task-mcp status -n shop --workload checkout --lookback 6h', about: 'another service, with a longer history' },
  ],
  exits: { 0: 'every pod ready, error rate and latency within their thresholds', 3: 'not so', 5: 'the workload or its pods were not seen' },
  load: () => import('../status.ts'),
}
