/** The same faults, seen with less: the cause where the rest proves it, else an answer that says what was not seen. */
import type { Fault, Sight } from '../fault.ts'
import { errorFaults } from './errors.ts'
import { healthy } from './healthy.ts'
import { placement } from './placement.ts'
import { routing } from './routing.ts'
import { start } from './start.ts'

const all = [...start, ...placement, ...routing, ...errorFaults, ...healthy]

/** A known fault under a sight; `or` are answers that are honest when the cause cannot be proven. */
function under(sight: Sight, name: string, or: Fault['expected'] = []): Fault {
  const fault = all.find((each) => each.name === name)!
  return { ...fault, name: `${name} (${sight})`, row: 'blind', sight, expected: [...fault.expected, ...or] }
}

const noSight = { subjects: () => [], wrong: ['restart', 'rollback', 'scale', 'resources', 'config', 'service', 'policy', 'pod'] } as const

export const blind: Fault[] = [
  under('roles', 'tag that does not exist'),
  under('roles', 'database scaled to nothing'),
  under('roles', 'steady'),
  under('namespace role', 'tag that does not exist'),
  under('namespace role', 'Service selects a label that no pod has'),
  under('namespace role', 'database scaled to nothing'),
  under('namespace role', 'quota smaller than the service'),
  under('namespace role', 'webhook whose server is gone', ['inconclusive']),
  under('namespace role', 'steady', ['inconclusive']),
  under('no Prometheus', 'release that fails on a third of the updates', ['inconclusive']),
  under('no Prometheus', 'policy for outgoing traffic without DNS', ['inconclusive']),
  under('no Prometheus', 'steady, asked about errors', ['inconclusive']),
  under('no usage', 'readiness probe on a path that is not there'),
  under('no usage', 'steady'),
  { ...under('nothing', 'tag that does not exist'), ...noSight, expected: ['access_denied', 'inconclusive'] },
  { ...under('nothing', 'steady'), ...noSight, expected: ['access_denied', 'inconclusive'] },
]
