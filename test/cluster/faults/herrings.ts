/** Something harmless changed just before, or something else is broken beside it: only the true cause may be named. */
import { workload } from '../clients.ts'
import type { Fault } from '../fault.ts'
import { completing, defect } from '../inside.ts'
import { sleep } from '../kubectl.ts'
import { clientSuffers, containerState, errorShare, noEndpoints, notReady } from '../see.ts'
import { releaseWith } from './errors.ts'

export const herrings: Fault[] = [
  {
    row: 'red herring',
    name: 'label release, then the database goes',
    runbook: 'high-error-rate',
    expected: ['dependency_down'],
    subjects: (world) => [{ kind: 'StatefulSet', name: world.names.store }],
    store: 'postgresql',
    wrong: ['restart', 'rollback'],
    inject: async (world) => {
      await world.patch('deployment', world.names.app, { spec: { template: { metadata: { labels: { 'build-flavour': 'slim' } } } } })
      await world.settled()
      await sleep(20)
      await world.k('scale', 'statefulset', world.names.store, '--replicas=0')
    },
    shows: notReady,
  },
  {
    row: 'red herring',
    name: 'bad release, and an unrelated ConfigMap edited after it',
    runbook: 'high-error-rate',
    expected: ['bad_release'],
    subjects: (world) => [{ kind: 'Deployment', name: world.names.app }],
    store: 'postgresql',
    wrong: ['restart', 'scale'],
    before: 15,
    inject: async (world) => {
      await releaseWith(world, defect(completing, 0.4))
      await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'banner' }, data: { text: 'welcome' } })
      await world.configure({ TEAM_CONTACT: 'desk 9' })
    },
    shows: (world) => errorShare(world, 0.02),
  },
  {
    row: 'red herring',
    name: "a neighbour's image is missing, our Service selects nobody",
    runbook: 'service-downtime',
    expected: ['service_selector_mismatch'],
    subjects: (world) => [{ kind: 'Service', name: world.names.app }],
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.apply(workload('previews', 1, { name: 'previews', image: 'localhost/previews:4.4', command: ['run'] }))
      await world.patch('service', world.names.app, { spec: { selector: { [world.names.labelKey]: `${world.names.app}-old` } } })
    },
    shows: noEndpoints,
  },
  {
    row: 'red herring',
    name: 'innocent release, then a policy shuts the door',
    runbook: 'service-downtime',
    expected: ['netpol_ingress_block'],
    subjects: (world) => [{ kind: 'NetworkPolicy', name: world.names.app }],
    store: 'postgresql',
    wrong: ['restart', 'rollback', 'scale'],
    inject: async (world) => {
      await world.release({ op: 'add', path: 'container/env/-', value: { name: 'TASK_MCP_SLOW_QUERY', value: '400ms' } })
      await world.settled()
      await world.patch(
        'networkpolicy',
        world.names.app,
        [{ op: 'replace', path: '/spec/ingress', value: [{ from: [{ podSelector: { matchLabels: { zone: 'edge' } } }] }] }],
        'json',
      )
    },
    shows: clientSuffers,
  },
  {
    row: 'red herring',
    name: 'scaled up by hand, then a command misspelt',
    runbook: 'service-downtime',
    expected: ['bad_command'],
    subjects: (world) => [{ kind: 'Deployment', name: world.names.app }],
    store: 'postgresql',
    wrong: ['restart', 'scale'],
    inject: async (world) => {
      await world.k('scale', 'deployment', world.names.app, `--replicas=${world.replicas + 1}`)
      await world.settled()
      await world.release({ op: 'add', path: 'container/command', value: ['nodde', '/app/bin/task-mcp.js'] })
    },
    shows: (world) => containerState(world, /RunContainerError|StartError|CrashLoopBackOff|ContainerCannotRun/),
  },
]
