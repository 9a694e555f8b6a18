/** A shop on a cluster in memory, and a hand at a terminal with the action commands. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { CommandEntry } from '../../src/commands/entry.ts'
import { commands } from '../../src/commands/index.ts'
import { UnreachableError } from '../../src/errors.ts'
import type { PodTemplate } from '../../src/facts/kubernetes/pod.ts'
import type { Deployment } from '../../src/facts/kubernetes/workload.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli, type World } from '../support/world.ts'

const folder = path.resolve(import.meta.dirname, '../../runbooks')
const runbooks = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .map((file) => [path.join(folder, file), readFileSync(path.join(folder, file), 'utf8')]),
)

export const namespace = 'shop'
const labels = { app: 'checkout' }

export function template(image = 'shop/checkout:1', over: Partial<PodTemplate['spec']> = {}): PodTemplate {
  return {
    metadata: { labels },
    spec: {
      containers: [
        {
          name: 'web',
          image,
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 2 },
          env: [
            { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'checkout', key: 'greeting' } } },
            { name: 'DB_PASSWORD', value: 'CANARY-9f8e7d6c5b4a' },
          ],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
        },
      ],
      ...over,
    },
  }
}

export interface Shop {
  cluster: FakeCluster
  world: World
  /** Type a command; what comes back has its white space made even, so that line breaks do not matter. */
  run: ReturnType<typeof cli>
  /** Change the Deployment as somebody else would, and let the controllers work. */
  release(change: (deployment: Deployment) => void): void
  deployment(): Deployment
}

/** Deployment checkout of three pods behind a Service, its ConfigMap, a caller, a database, two nodes. */
export function aShop(options: { answers?: (boolean | string)[]; context?: string } = {}): Shop {
  const cluster = new FakeCluster()
  if (options.context !== undefined)
    cluster.identity = () => ({ context: options.context!, server: 'https://lab.example:6443', user: 'jo', namespace: undefined })
  for (const name of ['node-1', 'node-2']) {
    cluster.put('nodes', {
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
      status: { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { cpu: '2', memory: '4Gi', pods: '110' } },
    })
  }
  const meta = (name: string) => ({ name, namespace })
  cluster.put('configmaps', { metadata: meta('checkout'), data: { greeting: 'hello' } })
  cluster.put('deployments', { metadata: meta('checkout'), spec: { replicas: 3, selector: { matchLabels: labels }, template: template() } })
  cluster.put('services', {
    metadata: meta('checkout'),
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  })
  cluster.put('deployments', {
    metadata: meta('orders-db'),
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'orders-db' } },
      template: {
        metadata: { labels: { app: 'orders-db' } },
        spec: { containers: [{ name: 'db', image: 'db:1', ports: [{ containerPort: 5432 }] }] },
      },
    },
  })
  cluster.put('services', { metadata: meta('orders-db'), spec: { selector: { app: 'orders-db' }, ports: [{ port: 5432 }] } })
  cluster.put('pods', {
    metadata: { name: 'caller', namespace, labels: { app: 'caller' } },
    spec: { containers: [{ name: 'c', image: 'c:1' }] },
    status: { phase: 'Running' },
  })
  cluster.starts = (pod) => !pod.spec.containers.some((container) => container.image?.includes('broken'))
  cluster.settle()
  const settings = {
    service: {
      namespace,
      workload: 'checkout',
      service: 'checkout',
      port: 8080,
      dependencies: [{ name: 'orders-db', service: 'orders-db', port: 5432, workload: 'orders-db' }],
    },
  }
  const plain = aWorld({
    env: { USER: 'jo' },
    files: { '/project/task-mcp.yaml': JSON.stringify(settings), ...runbooks },
    ...(options.answers === undefined ? {} : { answers: options.answers }),
    targets: () => ({
      cluster: async () => cluster,
      writer: async () => cluster,
      metrics: async () => Promise.reject(new UnreachableError('no Prometheus here')),
      alerts: async () => Promise.reject(new UnreachableError('no Alertmanager here')),
      forward: async () => Promise.reject(new UnreachableError('no pod here')),
      notifier: async () => Promise.reject(new UnreachableError('nobody to tell here')),
      downloads: async () => Promise.reject(new UnreachableError('no way into pods here')),
      fetch: async () => Promise.reject(new UnreachableError('no network here')),
    }),
  })
  const world: World = { ...plain, clock: cluster.clock }
  const typed = cli(world, commands as readonly CommandEntry[])
  const even = (text: string) => text.replace(/\s+/g, ' ')
  return {
    cluster,
    world,
    run: async (...argv) => {
      const { code, out, err } = await typed(...argv)
      return { code, out: even(out), err: even(err) }
    },
    deployment: () => cluster.one('deployments', namespace, 'checkout'),
    release(change) {
      const deployment = structuredClone(cluster.one('deployments', namespace, 'checkout'))
      change(deployment)
      deployment.metadata.generation = (deployment.metadata.generation ?? 1) + 1
      cluster.put('deployments', deployment)
      cluster.settle()
    },
  }
}

/** Everything about an object that a person owns: what undo must bring back. */
export const ownPart = (object: unknown): string => {
  const { spec, data } = object as { spec?: unknown; data?: unknown }
  return JSON.stringify({ spec, data })
}
