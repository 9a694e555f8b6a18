/** A small HTTP service of the bench's own in the cluster: health paths, the metrics of the defaults, a log line for each request, traffic from itself. */
import { apply, kubectl, sleep, until } from '../test/cluster/kubectl.ts'

export interface Where {
  readonly namespace: string
  readonly workload: string
  readonly service: string
}

const port = 3000
const replicas = 2
const name = 'bench-diagnose'
const labels = { app: name }

const program = `
const http = require('node:http')
let count = 0
http.createServer((request, response) => {
  if (request.url === '/work') {
    count++
    console.log(JSON.stringify({ level: 'info', message: 'request finished', route: '/work', status: 200, count }))
  }
  if (request.url === '/metrics') {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    const of = '{route="/work",status_code="200"'
    return response.end([
      '# TYPE http_server_requests_total counter',
      'http_server_requests_total' + of + '} ' + count,
      '# TYPE http_server_request_duration_seconds histogram',
      'http_server_request_duration_seconds_bucket' + of + ',le="0.05"} ' + count,
      'http_server_request_duration_seconds_bucket' + of + ',le="+Inf"} ' + count,
      'http_server_request_duration_seconds_sum' + of + '} ' + count * 0.002,
      'http_server_request_duration_seconds_count' + of + '} ' + count,
    ].join('\\n') + '\\n')
  }
  response.end('{"status":"ok"}')
}).listen(${port}, () => setInterval(() => fetch('http://127.0.0.1:${port}/work').then((answer) => answer.text()), 250))
process.on('SIGTERM', () => process.exit(0))
`

const get = (path: string) => ({ httpGet: { path, port } })

const objects = (image: string) => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': `${port}`, 'prometheus.io/path': '/metrics' },
        },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [
            {
              name: 'main',
              image,
              command: ['node', '-e', program],
              ports: [{ name: 'http', containerPort: port }],
              readinessProbe: get('/health/ready'),
              livenessProbe: { ...get('/health/live'), timeoutSeconds: 10 },
              resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '192Mi' } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: labels, ports: [{ name: 'http', port, targetPort: 'http' }] },
  },
]

/** Makes it in a namespace of its own and waits until it serves and metrics-server knows it. Gives where it is, and how to be rid of it. */
export async function makeService(image: string): Promise<{ where: Where; remove: () => Promise<void> }> {
  const namespace = `${name}-${process.pid}`
  const where = { namespace, workload: name, service: name }
  const remove = async () => {
    await kubectl(['delete', 'namespace', namespace, '--wait=false'])
  }
  await apply(undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  try {
    await apply(namespace, ...objects(image))
    await kubectl(['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=120s'], { timeoutSeconds: 130 })
    await until('usage of the pods in metrics-server', 90, () =>
      kubectl(['-n', namespace, 'top', 'pods', '--no-headers']).then(
        (lines) => lines.trim().split('\n').length >= replicas,
        () => false,
      ),
    )
    // A scrape every few seconds, and queries over two minutes want two of them.
    await sleep(20)
    return { where, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
