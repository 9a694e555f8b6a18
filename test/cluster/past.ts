/** Days that a service has behind it, in a real Prometheus of its own: counters written as OpenMetrics text and made into blocks by promtool. */
import { harden } from './clients.ts'
import { monitorOf } from './monitor.ts'
import type { World } from './world.ts'

/** What was so in the past: `share` gives the share of requests that failed, so many days ago. */
export interface Past {
  days: number
  /** An expression in JavaScript of `days`, the days before now. */
  share: string
}

const requestsAMinute = 300

/** Writes the text: every minute of the days, one pod that is ready and serves. */
const writer = (world: World, { days, share }: Past): string => `
const { createWriteStream } = require('node:fs')
const out = createWriteStream('/data/past.om')
const minutes = ${Math.round(days * 1440)}
const now = Math.floor(Date.now() / 60000) * 60
const labels = 'namespace="${world.names.namespace}",pod="${world.names.app}-7c9f6d5b48-x2kqz"'
const share = (days) => ${share}
const series = (name, more, value) => {
  for (let m = minutes; m >= 1; m--) out.write(name + '{' + labels + more + '} ' + value(m) + ' ' + (now - m * 60) + '\\n')
}
let [good, bad] = [0, 0]
const counts = Array.from({ length: minutes + 1 }, (_, i) => {
  const m = minutes - i
  bad += ${requestsAMinute} * share(m / 1440)
  good += ${requestsAMinute} * (1 - share(m / 1440))
  return [good, bad]
}).reverse()
const request = (code) => ',method="POST",route="/mcp",status_code="' + code + '"'
out.write('# TYPE http_server_requests counter\\n')
series('http_server_requests_total', request(200), (m) => Math.round(counts[m][0]))
series('http_server_requests_total', request(500), (m) => Math.round(counts[m][1]))
out.write('# TYPE up gauge\\n')
series('up', '', () => 1)
out.write('# TYPE health_check_status gauge\\n')
series('health_check_status', ',check="ready"', () => 1)
out.write('# EOF\\n')
out.end()
`

/** Puts a Prometheus with this past into the world, and tells the owner's settings of it. Before the service starts. */
export function withPast(world: World, past: Past): void {
  const objects = monitorOf(world, 'localhost/prometheus:1')
  const { spec } = objects.find(({ kind }) => kind === 'Deployment').spec.template
  const volumeMounts = [{ name: 'data', mountPath: '/data' }]
  spec.initContainers = [
    harden({ name: 'write', image: world.images.app, command: ['node', '-e', writer(world, past)], volumeMounts }),
    harden({
      name: 'blocks',
      image: 'localhost/prometheus:1',
      command: [
        '/bin/promtool',
        'tsdb',
        'create-blocks-from',
        '--max-block-duration=1440h',
        'openmetrics',
        '-q',
        '/data/past.om',
        '/data/tsdb',
      ],
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } },
      volumeMounts,
    }),
  ]
  for (const container of spec.containers) container.resources = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } }
  world.objects.push(...objects)
  world.told.prometheus = { namespace: world.names.namespace, service: 'prometheus', port: 9090 }
}
