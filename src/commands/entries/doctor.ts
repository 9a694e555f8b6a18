import type { CommandEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

export const doctor: CommandEntry = {
  usage: 'doctor',
  summary: 'say what can be seen and done from here',
  group: 'look',
  about:
    'Tries everything that a diagnosis uses: the cluster, its version and clock, every permission, Prometheus and whether it scrapes the service, Alertmanager, metrics-server, and how far events reach back. Under each line that is not as it should be stands what changes it: a Role rule, a flag or a command.',
  options: serviceOptions,
  examples: [
    { line: 'task-mcp doctor', about: 'before the first incident' },
    { line: 'task-mcp doctor -n shop --workload checkout --json', about: 'for another service, as JSON' },
  ],
  exits: {
    0: 'a diagnosis works from here',
    4: 'a diagnosis needs permissions that are not granted',
    5: 'the cluster or the workload is not to be found',
  },
  load: () => import('../doctor.ts'),
}
