/** The same faults, seen with less: the cause where the rest proves it, else an answer that says what was not seen. */
import type { Fault, Sight } from '../fault.ts'
import { allWell, clientSuffers } from '../see.ts'
import { errorFaults } from './errors.ts'
import { healthy } from './healthy.ts'
import { placement } from './placement.ts'
import { routing } from './routing.ts'
import { start } from './start.ts'

const all = [...start, ...placement, ...routing, ...errorFaults, ...healthy]

function known(name: string): Fault {
  const fault = all.find((each) => each.name === name)
  if (fault === undefined) throw new Error(`there is no fault "${name}"`)
  return fault
}

/** A known fault of a service that nobody scrapes; its effect is seen at the client. */
function unscraped(name: string, expected: Fault['expected'], shows: Fault['shows']): Fault {
  const fault = known(name)
  return {
    ...fault,
    name: `${name} (not scraped)`,
    row: 'blind',
    expected,
    shows,
    prepare: (world) => {
      fault.prepare?.(world)
      delete world.deployment.spec.template.metadata.annotations['prometheus.io/scrape']
    },
  }
}

/** A known fault of a service whose owner wrote down another name for its counter of requests than it has. */
function renamed(name: string, expected: Fault['expected']): Fault {
  const fault = known(name)
  return {
    ...fault,
    name: `${name} (metric of another name)`,
    row: 'blind',
    expected,
    subjects: (world) => [{ kind: 'Deployment', name: world.names.app }],
    // Counters of pods that are a minute old must have been seen.
    before: 100,
    prepare: (world) => {
      fault.prepare?.(world)
      world.told.service = { metrics: { requests: 'http_requests_served_total' } }
    },
  }
}

/** A known fault an hour later: its events are gone. */
function eventless(name: string): Fault {
  const fault = known(name)
  return {
    ...fault,
    name: `${name} (events gone)`,
    row: 'blind',
    shows: async (world) => {
      const seen = await fault.shows(world)
      await world.k('delete', 'events', '--all')
      return `${seen}; then the events were deleted`
    },
  }
}

/** A known fault under a sight; `or` are answers that are honest when the cause cannot be proven. */
function under(sight: Sight, name: string, or: Fault['expected'] = []): Fault {
  const fault = known(name)
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
  unscraped('release that fails on a third of the updates', ['bad_release', 'inconclusive'], clientSuffers),
  unscraped('policy for outgoing traffic without DNS', ['netpol_dns_block'], known('policy for outgoing traffic without DNS').shows),
  unscraped('steady, asked about errors', ['healthy', 'telemetry_gap', 'inconclusive'], allWell),
  renamed('release that fails on a third of the updates', ['bad_release', 'telemetry_gap', 'inconclusive']),
  renamed('steady, asked about errors', ['telemetry_gap', 'inconclusive']),
  eventless('tag that does not exist'),
  eventless('quota smaller than the service'),
  eventless('node selector that no node has'),
  under('slow API', 'tag that does not exist'),
  under('slow API', 'database scaled to nothing'),
  under('slow API', 'release that fails on a third of the updates', ['inconclusive']),
  under('slow API', 'steady'),
]
