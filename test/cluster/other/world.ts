/** Somebody else's service: nginx before a shop written in Perl, called from inside the cluster. All names come from a seed. */
import { readFile } from 'node:fs/promises'
import { workload } from '../clients.ts'
import { type Any, apply, kubectl, until } from '../kubectl.ts'
import { seeded } from '../random.ts'

/** An image with perl, nginx and curl. */
export interface Images {
  programs: string
}

export class OtherWorld {
  readonly namespace: string
  readonly shop: string
  readonly edge: string
  readonly caller: string
  readonly port: number
  readonly images: Images

  constructor(seed: number, images: Images) {
    const random = seeded(seed)
    this.images = images
    this.namespace = `other-${random.text(6)}`
    this.shop = random.pick(['cart', 'basket', 'till', 'checkout'])
    this.edge = random.pick(['front', 'entrance', 'gate'])
    this.caller = `${random.pick(['buyers', 'visitors', 'browsers'])}`
    this.port = random.pick([4100, 7070, 8088, 9200])
  }

  /** What its owner would write into task-mcp.yaml; `edge` is where users come in. */
  settings(edge: string): object {
    return {
      service: {
        namespace: this.namespace,
        workload: this.shop,
        service: this.shop,
        selector: { app: this.shop },
        port: this.port,
        edge,
        health: { live: '/-/alive', ready: '/-/serving' },
        metrics: {
          path: '/internal/stats',
          requests: 'shop_requests_total',
          statusLabel: 'code',
          routeLabel: 'handler',
          duration: 'shop_request_seconds',
          exclude: 'handler!~"/-/.*|/internal/.*"',
        },
      },
      prometheus: { namespace: 'monitoring' },
      thresholds: { p95: '300ms' },
    }
  }

  async objects(): Promise<Any[]> {
    const code = await readFile(new URL('app.pl', import.meta.url), 'utf8')
    const config = (name: string, data: Record<string, string>): Any => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
    const service = (name: string, port: number, targetPort: number): Any => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port, targetPort }] },
    })
    return [
      config(`${this.shop}-code`, { 'app.pl': code }),
      config(`${this.shop}-conf`, { 'shop.conf': 'work=200000\n' }),
      config(`${this.edge}-conf`, { 'nginx.conf': nginx(this.shop) }),
      this.#shop(),
      service(this.shop, 80, this.port),
      this.#edge(),
      service(this.edge, 80, 8080),
      workload(this.caller, 1, {
        name: 'caller',
        image: this.images.programs,
        command: [
          'sh',
          '-c',
          `while true; do curl -s -m 5 -o /dev/null http://${this.edge}/cart; curl -s -m 5 -o /dev/null http://${this.edge}/order; sleep 0.3; done`,
        ],
      }),
    ]
  }

  #shop(): Any {
    const made = workload(
      this.shop,
      2,
      {
        name: this.shop,
        image: this.images.programs,
        command: ['perl', '/app/app.pl'],
        env: [{ name: 'SHOP_PORT', value: String(this.port) }],
        ports: [{ containerPort: this.port }],
        livenessProbe: { httpGet: { path: '/-/alive', port: this.port }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 6 },
        readinessProbe: { httpGet: { path: '/-/serving', port: this.port }, periodSeconds: 3, timeoutSeconds: 3 },
        resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
        volumeMounts: [
          { name: 'code', mountPath: '/app' },
          { name: 'conf', mountPath: '/etc/shop' },
        ],
      },
      [
        { name: 'code', configMap: { name: `${this.shop}-code` } },
        { name: 'conf', configMap: { name: `${this.shop}-conf` } },
      ],
    )
    made.spec.template.metadata.annotations = {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': String(this.port),
      'prometheus.io/path': '/internal/stats',
    }
    made.spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%', maxSurge: 0 } }
    return made
  }

  #edge(): Any {
    return workload(
      this.edge,
      1,
      {
        name: 'nginx',
        image: this.images.programs,
        command: ['nginx', '-c', '/etc/edge/nginx.conf'],
        ports: [{ containerPort: 8080 }],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 3 },
        volumeMounts: [{ name: 'conf', mountPath: '/etc/edge' }],
      },
      [{ name: 'conf', configMap: { name: `${this.edge}-conf` } }],
    )
  }

  async up(): Promise<void> {
    await apply(undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } })
    await apply(this.namespace, ...(await this.objects()))
    for (const name of [this.shop, this.edge, this.caller]) await this.k('rollout', 'status', `deployment/${name}`, '--timeout=120s')
    await until('an answer through the edge', 60, async () => (await this.ask('/cart')).status === 200)
  }

  async down(): Promise<void> {
    await kubectl(['delete', 'namespace', this.namespace, '--wait=false', '--ignore-not-found'])
  }

  k(...args: string[]): Promise<string> {
    return kubectl(['-n', this.namespace, ...args], { timeoutSeconds: 150 })
  }

  /** The address at which users come in: the edge's Service, reachable where the nodes are. */
  async edgeUrl(): Promise<string> {
    return `http://${(await this.k('get', 'service', this.edge, '-o', 'jsonpath={.spec.clusterIP}')).trim()}`
  }

  async ask(path: string): Promise<{ status: number; seconds: number }> {
    const started = performance.now()
    const status = await fetch((await this.edgeUrl()) + path, { signal: AbortSignal.timeout(8000) }).then(
      (answer) => answer.status,
      () => 0,
    )
    return { status, seconds: (performance.now() - started) / 1000 }
  }

  async patch(kind: string, name: string, patch: object, type: 'json' | 'merge' | 'strategic' = 'merge'): Promise<void> {
    await this.k('patch', kind, name, `--type=${type}`, '-p', JSON.stringify(patch))
  }
}

const nginx = (upstream: string): string => `
daemon off;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  server {
    listen 8080;
    location / { proxy_pass http://${upstream}; proxy_connect_timeout 2s; proxy_read_timeout 6s; }
  }
}
`
