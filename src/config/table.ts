/**
 * Every setting of the command line tool, once. The parser of task-mcp.yaml, the environment, the flags, the JSON Schema,
 * docs/configuration.md and `task-mcp config` are all made from this table.
 */

import type { EscalationSettings } from '../settings.ts'

/**
 * How a value is written and what it becomes. `duration`: `10s`, `5m`, `1h30m`, seconds. `ratio`: `0.05` or `5%`, 0..1.
 * `map`: a mapping in the file, `key=value,key=value` elsewhere. `file`, `directory`: relative to where it was said.
 */
export type SettingKind =
  | 'text'
  | 'url'
  | 'file'
  | 'directory'
  | 'path'
  | 'port'
  | 'duration'
  | 'ratio'
  | 'map'
  | 'kind'
  | 'dependencies'
  | 'services'
  | 'escalation'

export interface SettingRow {
  /** Where it is in task-mcp.yaml, and its name everywhere else. */
  readonly path: string
  /** Where it is in Settings, when that differs because of a unit. */
  readonly into?: string
  readonly kind: SettingKind
  /** undefined is "not said". `sameAs` names another setting whose value is taken. */
  readonly fallback?: unknown
  readonly sameAs?: string
  readonly help: string
  readonly flag?: string
  /** The variable's name without `TASK_MCP_`, when it is not the path in capitals. */
  readonly variable?: string
  /** The only texts that are allowed. */
  readonly choices?: readonly string[]
  /** Other names in the file. */
  readonly aliases?: readonly string[]
  /** Never printed. */
  readonly secret?: true
  /** `none` is a value: the service has no such thing. */
  readonly canBeNone?: true
}

/** Where nothing was said about escalation: the people and levels of the runbooks, and no way to reach them. */
const nobody: EscalationSettings = { timeZone: 'UTC', channels: {}, contacts: {}, schedules: {}, levels: [], tell: [] }

const source = (name: 'prometheus' | 'alertmanager', what: string): SettingRow[] => [
  {
    path: `${name}.url`,
    kind: 'url',
    flag: `--${name} <url>`,
    help: `URL of ${what}; without one it is looked for in the cluster and reached through the API server`,
  },
  { path: `${name}.namespace`, kind: 'text', help: `namespace of ${what} in the cluster` },
  { path: `${name}.service`, kind: 'text', help: `Service of ${what} in the cluster` },
  { path: `${name}.port`, kind: 'port', help: 'port of that Service' },
  {
    path: `${name}.prefix`,
    kind: 'path',
    help: 'path of that Service below which it answers, for example `/prometheus` of Mimir; a URL has its own',
  },
  { path: `${name}.bearerTokenFile`, kind: 'file', help: 'file with a bearer token; read when a request is made' },
  { path: `${name}.username`, kind: 'text', help: 'user name for basic authentication' },
  { path: `${name}.passwordFile`, kind: 'file', help: 'file with the password for basic authentication' },
  { path: `${name}.caFile`, kind: 'file', help: 'PEM file of the certificate authority to trust' },
  {
    path: `${name}.headers`,
    kind: 'map',
    fallback: {},
    secret: true,
    help: 'headers to send with each request, for example `X-Scope-OrgID` of a multi-tenant store',
  },
]

/** The rows, in the order in which they are listed. */
export const settingTable: readonly SettingRow[] = [
  {
    path: 'cluster.kubeconfig',
    kind: 'file',
    variable: 'KUBECONFIG',
    flag: '--kubeconfig <file>',
    help: 'kubeconfig file; without one, the rules of kubectl: $KUBECONFIG, ~/.kube/config, then the service account of the pod',
  },
  {
    path: 'cluster.context',
    kind: 'text',
    variable: 'CONTEXT',
    flag: '--context <name>',
    help: 'context of the kubeconfig; its current one when not said',
  },
  {
    path: 'service.namespace',
    kind: 'text',
    variable: 'NAMESPACE',
    flag: '-n, --namespace <name>',
    fallback: 'task-mcp',
    help: 'namespace of the workload',
  },
  {
    path: 'service.kind',
    kind: 'kind',
    variable: 'KIND',
    flag: '--kind <kind>',
    fallback: 'Deployment',
    help: 'what the workload is: Deployment, StatefulSet or DaemonSet',
  },
  {
    path: 'service.workload',
    kind: 'text',
    variable: 'WORKLOAD',
    flag: '--workload <name>',
    aliases: ['service.deployment'],
    fallback: 'task-mcp-http',
    help: 'name of the workload',
  },
  {
    path: 'service.selector',
    kind: 'map',
    variable: 'SELECTOR',
    flag: '--selector <labels>',
    help: 'labels of the pods (`app=web,tier=api`), for when the workload itself may be gone; taken from the workload when not said',
  },
  {
    path: 'service.service',
    kind: 'text',
    variable: 'SERVICE',
    flag: '--service <name>',
    sameAs: 'service.workload',
    help: 'name of the Service',
  },
  {
    path: 'service.container',
    kind: 'text',
    variable: 'CONTAINER',
    flag: '--container <name>',
    help: 'container that serves, when a pod has several; else the one with the port',
  },
  {
    path: 'service.port',
    kind: 'port',
    variable: 'CONTAINER_PORT',
    flag: '--port <number>',
    fallback: 3000,
    help: 'port that the container listens on',
  },
  {
    path: 'service.edge',
    kind: 'url',
    variable: 'EDGE',
    flag: '--edge <url>',
    help: 'URL by which users come in, when something stands before the Service',
  },
  {
    path: 'service.health.live',
    kind: 'path',
    variable: 'HEALTH_LIVE',
    fallback: '/health/live',
    help: 'path that answers 200 while the process lives',
  },
  {
    path: 'service.health.ready',
    kind: 'path',
    variable: 'HEALTH_READY',
    fallback: '/health/ready',
    help: 'path that answers 200 while requests can be served',
  },
  { path: 'service.metrics.path', kind: 'path', variable: 'METRICS_PATH', fallback: '/metrics', help: 'path of the metrics' },
  { path: 'service.metrics.port', kind: 'port', variable: 'METRICS_PORT', help: 'port of the metrics, when it is not the service port' },
  {
    path: 'service.metrics.requests',
    kind: 'text',
    variable: 'METRICS_REQUESTS',
    fallback: 'http_server_requests_total',
    help: 'counter of requests',
  },
  {
    path: 'service.metrics.statusLabel',
    kind: 'text',
    variable: 'METRICS_STATUS_LABEL',
    fallback: 'status_code',
    help: 'label of that counter with the HTTP status',
  },
  {
    path: 'service.metrics.routeLabel',
    kind: 'text',
    variable: 'METRICS_ROUTE_LABEL',
    fallback: 'route',
    help: 'label of that counter with the route',
  },
  {
    path: 'service.metrics.duration',
    kind: 'text',
    variable: 'METRICS_DURATION',
    canBeNone: true,
    fallback: 'http_server_request_duration_seconds',
    help: 'histogram of request durations in seconds; `none` when the service has none',
  },
  {
    path: 'service.metrics.exclude',
    kind: 'text',
    variable: 'METRICS_EXCLUDE',
    canBeNone: true,
    fallback: 'route!~"/health.*|/metrics|/debug.*"',
    help: 'PromQL label matcher that leaves probes out of both; `none` when there is nothing to leave out',
  },
  { path: 'service.mcp.path', kind: 'path', variable: 'MCP_PATH', fallback: '/mcp', help: 'path of the MCP endpoint' },
  { path: 'service.mcp.tokenFile', kind: 'file', variable: 'MCP_TOKEN_FILE', help: 'file with the bearer token that `smoke` uses' },
  { path: 'service.dependencies', kind: 'dependencies', fallback: [], help: 'what the service cannot do without; see below' },
  ...source('prometheus', 'a Prometheus-compatible API'),
  ...source('alertmanager', 'Alertmanager'),
  { path: 'thresholds.errorRatio', kind: 'ratio', fallback: 0.01, help: 'share of failed requests above which the error rate is too high' },
  {
    path: 'thresholds.p95',
    into: 'thresholds.p95Seconds',
    kind: 'duration',
    fallback: 0.2,
    help: '95th percentile of latency above which the service is slow',
  },
  {
    path: 'thresholds.p99',
    into: 'thresholds.p99Seconds',
    kind: 'duration',
    fallback: 0.5,
    help: '99th percentile of latency above which the service is slow',
  },
  { path: 'thresholds.memoryRatio', kind: 'ratio', fallback: 0.85, help: 'share of the memory limit above which memory is short' },
  { path: 'thresholds.cpuRatio', kind: 'ratio', fallback: 0.8, help: 'share of the CPU limit above which CPU is short' },
  { path: 'thresholds.authFailureRatio', kind: 'ratio', fallback: 0.2, help: 'share of failed authentications that is a security matter' },
  {
    path: 'incident.shared',
    kind: 'text',
    choices: ['none', 'configmap', 'postgresql'],
    fallback: 'none',
    help: 'where the records of incidents are kept for everybody: `none` (on this machine alone), `configmap` or `postgresql`',
  },
  {
    path: 'incident.namespace',
    kind: 'text',
    sameAs: 'service.namespace',
    help: 'namespace of those ConfigMaps',
  },
  {
    path: 'incident.databaseUrlFile',
    kind: 'file',
    help: 'file with the URL of the PostgreSQL database for them; read when it is asked',
  },
  {
    path: 'timeout',
    into: 'timeoutSeconds',
    kind: 'duration',
    flag: '--timeout <duration>',
    fallback: 10,
    help: 'longest time to look; what did not answer by then is reported as not seen',
  },
  {
    path: 'lookback',
    into: 'lookbackSeconds',
    kind: 'duration',
    flag: '--lookback <duration>',
    fallback: 3600,
    help: 'how far back changes and logs are looked at',
  },
  {
    path: 'runbooks',
    kind: 'directory',
    flag: '--runbooks <directory>',
    help: 'directory of your own runbooks; they come before the shipped ones of the same name',
  },
  {
    path: 'approval.signers',
    kind: 'file',
    help: 'file of NAME ssh-ed25519 AAAA... lines: with it every change needs a plan that a second person of the file has approved',
  },
  { path: 'approval.key', kind: 'file', help: 'your own Ed25519 key for plans and approvals, as ssh or PEM; `--key` says another' },
  {
    path: 'escalation',
    kind: 'escalation',
    fallback: nobody,
    help: 'who is called, how, and when: `timeZone`, `channels`, `contacts`, `schedules`, `levels`, `tell`; docs/escalation.md has the form',
  },
  {
    path: 'services',
    kind: 'services',
    fallback: [],
    help: 'services whose error budgets are kept, instead of that of `service`; see below',
  },
]

/** The fields of one entry of `service.dependencies`; `name` is needed. */
export const dependencyFields: readonly { readonly name: string; readonly kind: 'text' | 'kind' | 'port'; readonly help: string }[] = [
  { name: 'name', kind: 'text', help: 'what to call it' },
  { name: 'kind', kind: 'kind', help: 'kind of the workload behind it' },
  { name: 'workload', kind: 'text', help: 'workload behind it, where it runs in the cluster' },
  { name: 'namespace', kind: 'text', help: 'namespace of that workload; the namespace of the service when not said' },
  { name: 'service', kind: 'text', help: 'Service in front of it' },
  { name: 'host', kind: 'text', help: 'host name, where it is outside the cluster' },
  { name: 'port', kind: 'port', help: 'port it listens on' },
]

/** The fields of one entry of `services`; `name` is needed. What is not said is as it is for `service`. */
export const serviceFields: readonly {
  readonly name: string
  readonly kind: 'text' | 'file' | 'map'
  readonly canBeNone?: true
  readonly help: string
}[] = [
  { name: 'name', kind: 'text', help: 'label `service` of what is recorded, and its name in answers' },
  {
    name: 'selector',
    kind: 'text',
    help: 'PromQL matchers of its series, for example `job="checkout"`; by namespace and pod when not said',
  },
  { name: 'namespace', kind: 'text', help: 'namespace of its pods' },
  { name: 'workload', kind: 'text', help: 'workload of its pods; the name when not said' },
  { name: 'requests', kind: 'text', help: 'counter of requests' },
  { name: 'statusLabel', kind: 'text', help: 'label of that counter with the HTTP status' },
  { name: 'routeLabel', kind: 'text', help: 'label of that counter with the route' },
  { name: 'duration', kind: 'text', canBeNone: true, help: 'histogram of request durations in seconds; `none` when it has none' },
  {
    name: 'exclude',
    kind: 'text',
    canBeNone: true,
    help: 'PromQL matcher that leaves probes out; `none` when there is nothing to leave out',
  },
  { name: 'targets', kind: 'map', help: 'targets that differ: `{ error-rate: 99.5% }`' },
  { name: 'slos', kind: 'file', help: 'file with SLOs of its own (docs/slo.md, or OpenSLO) in place of the usual ones' },
]

export const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const

/** The variable that sets a row: `TASK_MCP_PROMETHEUS_URL`. Lists of objects have none. */
export function variableOf(row: SettingRow): string | undefined {
  if (row.kind === 'dependencies' || row.kind === 'services' || row.kind === 'escalation') return undefined
  const snake = row.path.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('.', '_')
  return `TASK_MCP_${row.variable ?? snake.toUpperCase()}`
}
