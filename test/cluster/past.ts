/** Days that a service has behind it, in a real Prometheus of its own: told to it as OpenTelemetry points with their times. */
import { harden } from './clients.ts'
import { monitorOf } from './monitor.ts'
import type { World } from './world.ts'

/** What was so in the past. */
export interface Past {
  days: number
  /** The share of requests that failed: an expression in JavaScript of `days`, the days before now. */
  share: string
}

const requestsAMinute = 300

/** A program that tells of every other minute of the days: one pod that was ready and served. It stays when it is done. */
const teller = (labels: Record<string, string>, { days, share }: Past): string => `
const minutes = ${Math.round(days * 1440)}
const now = Math.floor(Date.now() / 60000) * 60
const share = (days) => ${share}
const point = (m, more, value) => ({
  attributes: Object.entries({ ...${JSON.stringify(labels)}, ...more }).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  timeUnixNano: String(now - m * 60) + '000000000',
  asDouble: value,
})
const request = (code) => ({ method: 'POST', route: '/mcp', status_code: code })
const send = async (rows) => {
  const sum = rows.flatMap(({ m, good, bad }) => [point(m, request('200'), good), point(m, request('500'), bad)])
  const metrics = [
    { name: 'http_server_requests_total', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: sum } },
    { name: 'up', gauge: { dataPoints: rows.map(({ m }) => point(m, {}, 1)) } },
    { name: 'health_check_status', gauge: { dataPoints: rows.map(({ m }) => point(m, { check: 'ready' }, 1)) } },
  ]
  const body = JSON.stringify({ resourceMetrics: [{ resource: { attributes: [] }, scopeMetrics: [{ metrics }] }] })
  const answer = await fetch('http://127.0.0.1:9090/api/v1/otlp/v1/metrics', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (!answer.ok) throw new Error(answer.status + ' ' + (await answer.text()))
}
const ready = () => fetch('http://127.0.0.1:9090/-/ready').then((answer) => answer.ok, () => false)
const main = async () => {
  while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 500))
  let [good, bad, rows] = [0, 0, []]
  for (let m = minutes; m >= 1; m--) {
    bad += ${requestsAMinute} * share(m / 1440)
    good += ${requestsAMinute} * (1 - share(m / 1440))
    if (m % 2 === 0 || m === 1) rows.push({ m, good: Math.round(good), bad: Math.round(bad) })
    if (rows.length === 360 || m === 1) {
      await send(rows)
      rows = []
    }
  }
  console.log('told of ' + minutes + ' minutes')
  setInterval(() => {}, 60000)
}
main()
`

/** Puts a Prometheus with this past into the world, and tells the owner's settings of it. Before the service starts. */
export function withPast(world: World, past: Past): void {
  const { namespace, app } = world.names
  const objects = monitorOf(world, 'localhost/prometheus:1')
  const settings = objects.find(({ kind }) => kind === 'ConfigMap').data
  // What is told late must be taken still; the shipped rules would only tell of a young service.
  settings['prometheus.yml'] = JSON.stringify({
    ...JSON.parse(settings['prometheus.yml']),
    rule_files: [],
    storage: { tsdb: { out_of_order_time_window: '60d' } },
  })
  const { spec } = objects.find(({ kind }) => kind === 'Deployment').spec.template
  spec.containers[0].command.push('--web.enable-otlp-receiver')
  for (const container of spec.containers) container.resources = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } }
  const program = teller({ namespace, pod: `${app}-7c9f6d5b48-x2kqz` }, past)
  spec.containers.push(harden({ name: 'past', image: world.images.app, command: ['node', '-e', program] }))
  world.objects.push(...objects)
  world.told.prometheus = { namespace, service: 'prometheus', port: 9090 }
}
