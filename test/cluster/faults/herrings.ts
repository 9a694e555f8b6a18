/** Something harmless changed just before, or something else is broken beside it: only the true cause may be named. */
import { workload } from '../clients.ts'
import { behindEdge, changeEdge, edgeName, tellEdge } from '../edge.ts'
import type { Fault } from '../fault.ts'
import { completing, defect } from '../inside.ts'
import { kubectl, sleep, until } from '../kubectl.ts'
import { clientSuffers, containerState, errorShare, noEndpoints, notReady } from '../see.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'

const proxy = (world: World) => [
  { kind: 'Deployment', name: edgeName(world) },
  { kind: 'ConfigMap', name: `${edgeName(world)}-conf` },
  { kind: 'Dependency' },
]

/** Lets an alert about the service fire, or end, as Prometheus does when a rule holds. */
async function raise(world: World, name: string, over = false): Promise<void> {
  const labels = { alertname: name, namespace: world.names.namespace, service: world.names.app, severity: 'critical' }
  const startsAt = new Date(Date.now() - 60_000).toISOString()
  const alert = {
    labels,
    annotations: { summary: `requests to ${world.names.app} fail` },
    startsAt,
    ...(over && { endsAt: new Date().toISOString() }),
  }
  // By its address: kubectl does not say that what it sends is JSON.
  const address = await kubectl(['-n', 'monitoring', 'get', 'service', 'alertmanager', '-o', 'jsonpath={.spec.clusterIP}'])
  const answer = await fetch(`http://${address.trim()}:9093/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
    signal: AbortSignal.timeout(9000),
  })
  if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`)
}

/** What comes back to those who come in by the proxy. */
const edgeAnswers = (world: World): Promise<string> =>
  until('answers of the proxy alone', 60, async () => {
    const status = await fetch(world.edge!, { signal: AbortSignal.timeout(9000) }).then(
      (answer) => answer.status,
      () => 0,
    )
    return status >= 500 && `the proxy answers ${status}`
  })

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
  {
    row: 'red herring',
    name: 'an alert names the service, and the proxy before it asks an address that is gone',
    runbook: 'high-error-rate',
    expected: ['ingress_misroute', 'edge_timeout'],
    subjects: proxy,
    store: 'postgresql',
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    before: 20,
    prepare: (world) => behindEdge(world, 'proxy_connect_timeout 3s;'),
    inject: async (world) => {
      await tellEdge(world)
      // Proxies ask for the address of a name once, when they start; the Service is made anew and has another one.
      const { spec, metadata } = await world.get('service', world.names.app)
      const { ports, selector } = spec
      await world.k('delete', 'service', world.names.app)
      await world.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: metadata.name, labels: metadata.labels },
        spec: { ports, selector },
      })
      await raise(world, 'HighErrorRate')
    },
    shows: edgeAnswers,
    repair: (world) => raise(world, 'HighErrorRate', true),
  },
  {
    row: 'red herring',
    name: 'an alert names the service, and the proxy before it was pointed at a port that is not there',
    runbook: 'high-error-rate',
    expected: ['ingress_misroute', 'edge_timeout'],
    subjects: proxy,
    store: 'postgresql',
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    before: 20,
    prepare: (world) => behindEdge(world, 'proxy_connect_timeout 3s;'),
    inject: async (world) => {
      await world.release({ op: 'add', path: 'container/env/-', value: { name: 'TASK_MCP_SLOW_QUERY', value: '350ms' } })
      await world.settled()
      const [pod] = await world.pods()
      await changeEdge(world, 'proxy_connect_timeout 3s;', `${pod.status.podIP}:${world.port + 7}`)
      await raise(world, 'HighErrorRate')
    },
    shows: edgeAnswers,
    repair: (world) => raise(world, 'HighErrorRate', true),
  },
]
