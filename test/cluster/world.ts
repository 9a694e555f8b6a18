/** Our service as it would run at somebody's: real manifests and image, a database, a busy client, neighbours; all names from a seed. */

import { createHash } from 'node:crypto'
import { clientOf, clientProgram } from './clients.ts'
import { type Any, apply, deploy, kubectl, until } from './kubectl.ts'
import { type Names, overlay, renamed } from './manifests.ts'
import { noiseOf } from './noise.ts'
import { type Random, seeded } from './random.ts'

const words = [
  'anchor',
  'beacon',
  'canyon',
  'dune',
  'estuary',
  'ferry',
  'gable',
  'harbor',
  'islet',
  'jetty',
  'kiln',
  'lantern',
  'meadow',
  'orchard',
  'pier',
  'quarry',
  'ridge',
  'saddle',
  'terrace',
  'upland',
  'wharf',
]

export interface Images {
  app: string
  database: string
}

export class World {
  readonly random: Random
  readonly names: Names
  readonly store: 'postgresql' | 'sqlite'
  readonly images: Images
  readonly port: number
  readonly servicePort: number
  readonly client: string
  /** Values that must be in no answer. */
  readonly secrets: string[] = []
  replicas: number
  objects: Any[] = []
  /** Extra entries for task-mcp.yaml, as a fault's world needs them. */
  dependencies: Any[] = []
  edge: string | undefined
  /** What the client asks in place of the Service: host and port of a proxy before it. */
  entrance: string | undefined
  /** More that the owner's task-mcp.yaml says of the service, and beside it. */
  told: { service?: Any; prometheus?: Any } = {}
  keepsAutoscaler = false
  /** What must be there before the service starts. */
  beforeUp: (() => Promise<void>) | undefined
  /** Milliseconds between a worker's rounds, and workers. */
  load = { pause: 800, workers: 2 }

  constructor(seed: number, images: Images, store: 'postgresql' | 'sqlite' | undefined) {
    const random = seeded(seed)
    this.random = random
    this.images = images
    this.store = store ?? random.pick(['postgresql', 'postgresql', 'sqlite'] as const)
    const offset = random.int(0, words.length - 1)
    const word = (n: number): string => words[(offset + n * 5) % words.length]!
    this.port = random.pick([3000, 5050, 7300, 8080, 8600])
    this.servicePort = random.pick([80, 3000, 8080, this.port])
    this.replicas = this.store === 'sqlite' ? 1 : random.int(2, 3)
    this.client = `${word(2)}-${random.pick(['planner', 'dispatch', 'intake'])}`
    const app = `${word(0)}-${random.pick(['desk', 'board', 'gateway', 'core'])}`
    this.names = {
      namespace: `${word(3)}-${random.text(5)}`,
      app,
      container: random.pick([app, word(0), 'main']),
      settings: `${app}-${random.pick(['settings', 'config', 'env'])}`,
      secret: `${app}-${random.pick(['access', 'keys', 'private'])}`,
      store: `${word(1)}-${random.pick(['ledger', 'records', 'pg'])}`,
      labelKey: random.pick(['app', 'service', 'workload']),
    }
  }

  get labels(): Record<string, string> {
    return { [this.names.labelKey]: this.names.app }
  }

  secret(length = 24): string {
    const value = `zq${this.random.text(length)}`
    this.secrets.push(value)
    return value
  }

  find(kind: string, name: string): Any {
    return this.objects.find((object) => object.kind === kind && object.metadata.name === name)
  }

  get deployment(): Any {
    return this.find('Deployment', this.names.app)
  }

  get podSpec(): Any {
    return this.deployment.spec.template.spec
  }

  get container(): Any {
    return this.podSpec.containers.find((container: Any) => container.name === this.names.container)
  }

  get settings(): Record<string, string> {
    return this.find('ConfigMap', this.names.settings).data
  }

  /** Makes the objects; a fault may change them before `up`. */
  async design(): Promise<void> {
    const objects = renamed(await overlay(this.store === 'sqlite' ? 'small' : 'postgresql'), this.names)
    this.objects = objects.filter((object) => object.kind !== 'PersistentVolumeClaim')
    const { container } = this
    container.image = this.images.app
    container.ports[0].containerPort = this.port
    container.resources.requests = { cpu: '20m', memory: '64Mi' }
    container.readinessProbe.periodSeconds = this.random.int(2, 4)
    container.livenessProbe.periodSeconds = this.random.int(4, 8)
    this.deployment.spec.template.metadata.annotations['prometheus.io/port'] = String(this.port)
    this.find('Service', this.names.app).spec.ports[0].port = this.servicePort
    Object.assign(this.settings, { TASK_MCP_PORT: String(this.port), TASK_MCP_DRAIN_DELAY: '1s', TASK_MCP_DRAIN_TIMEOUT: '5s' })
    for (const volume of this.podSpec.volumes)
      if (volume.persistentVolumeClaim) {
        delete volume.persistentVolumeClaim
        volume.emptyDir = {}
      }
    this.designSecrets()
  }

  private designSecrets(): void {
    const { namespace, secret, store } = this.names
    const token = this.secret()
    const password = this.secret()
    const stringData: Record<string, string> = {
      tokens: `${this.client} ${createHash('sha256').update(token).digest('hex')} tasks:read,tasks:write\n`,
    }
    if (this.store === 'postgresql') {
      const set = this.find('StatefulSet', store)
      delete set.spec.volumeClaimTemplates
      set.spec.template.spec.terminationGracePeriodSeconds = 5
      set.spec.template.spec.volumes.push({ name: 'data', emptyDir: {} })
      Object.assign(set.spec.template.spec.containers[0], {
        image: this.images.database,
        resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
      })
      stringData['database-url'] = this.databaseUrl(password)
      this.objects.push({ apiVersion: 'v1', kind: 'Secret', metadata: { name: `${store}-access`, namespace }, stringData: { password } })
    }
    this.objects.push({ apiVersion: 'v1', kind: 'Secret', metadata: { name: secret, namespace }, stringData })
    this.objects.push({ apiVersion: 'v1', kind: 'Secret', metadata: { name: `${this.client}-token`, namespace }, stringData: { token } })
  }

  databaseUrl(password: string): string {
    return `postgres://task_mcp:${password}@${this.names.store}:5432/task_mcp`
  }

  async up(): Promise<void> {
    const { namespace, app, store } = this.names
    this.deployment.spec.replicas = this.replicas
    if (!this.keepsAutoscaler) this.objects = this.objects.filter((object) => object.kind !== 'HorizontalPodAutoscaler')
    await apply(
      undefined,
      this.objects.find((object) => object.kind === 'Namespace'),
    )
    await this.beforeUp?.()
    const client = clientOf(this, await clientProgram())
    await deploy(namespace, ...this.objects.filter((object) => object.kind !== 'Namespace'))
    await apply(namespace, ...noiseOf(this))
    if (this.store === 'postgresql') await this.k('rollout', 'status', `statefulset/${store}`, '--timeout=190s')
    await this.k('rollout', 'status', `deployment/${app}`, '--timeout=190s')
    await apply(namespace, ...client)
    await this.k('rollout', 'status', `deployment/${this.client}`, '--timeout=190s')
    await until('the client works', 180, async () => ((await this.clientCounts())?.calls ?? 0) > 0)
  }

  async down(): Promise<void> {
    await kubectl(['delete', 'namespace', this.names.namespace, '--wait=false', '--ignore-not-found'])
  }

  k(...args: string[]): Promise<string> {
    return kubectl(['-n', this.names.namespace, ...args], { timeoutSeconds: 200 })
  }

  apply(...items: object[]): Promise<void> {
    return apply(this.names.namespace, ...items)
  }

  async get(kind: string, name: string): Promise<Any> {
    return JSON.parse(await this.k('get', kind, name, '-o', 'json'))
  }

  async patch(kind: string, name: string, patch: object, how: 'json' | 'merge' | 'strategic' = 'merge'): Promise<void> {
    await this.k('patch', kind, name, `--type=${how}`, '-p', JSON.stringify(patch))
  }

  /** A release: JSON patch operations below the pod spec, or `container` for our container. */
  async release(...operations: { op: 'add' | 'replace' | 'remove'; path: string; value?: unknown }[]): Promise<void> {
    const place = (path: string): string =>
      `/spec/template/spec${path.replace(/^container/, `/containers/${this.podSpec.containers.indexOf(this.container)}`)}`
    await this.patch(
      'deployment',
      this.names.app,
      operations.map((operation) => ({ ...operation, path: place(operation.path) })),
      'json',
    )
  }

  async pods(labels = this.labels): Promise<Any[]> {
    const selector = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join()
    return JSON.parse(await this.k('get', 'pods', '-l', selector, '-o', 'json')).items
  }

  /** Deletes one pod of ours, or all of them, as an eviction or a person would. */
  async lose(which: 'one' | 'all'): Promise<void> {
    const pods = (await this.pods()).map((pod) => pod.metadata.name)
    await this.k('delete', 'pod', '--wait=false', ...(which === 'one' ? pods.slice(0, 1) : pods))
  }

  /** Sets values of the ConfigMap that the service reads at its start. */
  configure(data: Record<string, string>): Promise<void> {
    return this.patch('configmap', this.names.settings, { data })
  }

  async restart(): Promise<void> {
    await this.k('rollout', 'restart', `deployment/${this.names.app}`)
  }

  settled(): Promise<string> {
    return this.k('rollout', 'status', `deployment/${this.names.app}`, '--timeout=190s')
  }

  sql(text: string): Promise<string> {
    return this.k('exec', `${this.names.store}-0`, '--', 'psql', '-h', '/tmp', '-U', 'task_mcp', '-At', 'task_mcp', '-c', text)
  }

  async clientCounts(): Promise<{ calls: number; refused: number; lost: number } | undefined> {
    const line = (await this.k('logs', `deployment/${this.client}`, '--tail=1')).trim()
    return line.startsWith('{') ? JSON.parse(line) : undefined
  }
}
