import { describe, expect, test } from 'vitest'
import { settingTable } from '../../src/config/table.ts'
import { loadSettings, withDiscovered } from '../../src/config.ts'
import type { Settings } from '../../src/settings.ts'
import { aWorld, cli, type WorldOptions } from '../support/world.ts'

const load = (options: WorldOptions = {}, flags: object = {}) => loadSettings(flags, aWorld(options))
const withFile = (yaml: string) => ({ files: { '/project/task-mcp.yaml': yaml } })
const source = {
  url: undefined,
  namespace: undefined,
  service: undefined,
  port: undefined,
  prefix: undefined,
  bearerTokenFile: undefined,
  username: undefined,
  passwordFile: undefined,
  caFile: undefined,
  headers: {},
}

/** What is true when nobody says anything: the names and thresholds of the runbooks. */
const defaults: Settings = {
  cluster: { kubeconfig: undefined, context: undefined },
  service: {
    namespace: 'task-mcp',
    kind: 'Deployment',
    workload: 'task-mcp-http',
    selector: undefined,
    service: 'task-mcp-http',
    container: undefined,
    port: 3000,
    edge: undefined,
    health: { live: '/health/live', ready: '/health/ready' },
    metrics: {
      path: '/metrics',
      port: undefined,
      requests: 'http_server_requests_total',
      statusLabel: 'status_code',
      routeLabel: 'route',
      duration: 'http_server_request_duration_seconds',
      exclude: 'route!~"/health.*|/metrics|/debug.*"',
    },
    mcp: { path: '/mcp', tokenFile: undefined },
    dependencies: [],
  },
  prometheus: source,
  alertmanager: source,
  thresholds: { errorRatio: 0.01, p95Seconds: 0.2, p99Seconds: 0.5, memoryRatio: 0.85, cpuRatio: 0.8, authFailureRatio: 0.2 },
  timeoutSeconds: 10,
  lookbackSeconds: 3600,
  incident: { shared: 'none', namespace: 'task-mcp', databaseUrlFile: undefined },
  runbooks: undefined,
  approval: { signers: undefined, key: undefined },
  escalation: { timeZone: 'UTC', channels: {}, contacts: {}, schedules: {}, levels: [], tell: [] },
  services: [],
}

describe('who is believed', () => {
  test('nobody said anything: the defaults, all of them', async () => {
    const { settings, file, origin } = await load()
    expect(settings).toStrictEqual(defaults)
    expect(file).toBeUndefined()
    for (const row of settingTable) expect(origin(row.path).from).toBe('default')
  })

  test('flag over environment over file over default', async () => {
    const world = {
      ...withFile('service:\n  namespace: from-file\n  workload: from-file\n  port: 8080\n'),
      env: { TASK_MCP_NAMESPACE: 'from-env', TASK_MCP_WORKLOAD: 'from-env', TASK_MCP_TIMEOUT: '' },
    }
    const { settings, origin } = await load(world, { namespace: 'from-flag' })
    expect(settings.service).toMatchObject({ namespace: 'from-flag', workload: 'from-env', port: 8080, kind: 'Deployment' })
    expect(origin('service.namespace')).toEqual({ from: 'flag', flag: '--namespace' })
    expect(origin('service.workload')).toEqual({ from: 'environment', variable: 'TASK_MCP_WORKLOAD' })
    expect(origin('service.port')).toEqual({ from: 'file', file: '/project/task-mcp.yaml', line: 4 })
    expect(origin('timeout')).toEqual({ from: 'default' })
  })

  test('the Service has the name of the workload until somebody says otherwise', async () => {
    expect((await load({}, { workload: 'checkout' })).settings.service.service).toBe('checkout')
    expect((await load({}, { workload: 'checkout', service: 'shop' })).settings.service.service).toBe('shop')
  })

  test('what was found by looking fills what nobody said, and nothing else', async () => {
    const resolved = await load({}, { prometheus: 'http://localhost:9090/' })
    const better = withDiscovered(resolved, [
      { path: 'prometheus.url', value: 'http://elsewhere', how: 'by its labels' },
      { path: 'service.container', value: 'http', how: 'the only container with port 3000' },
    ])
    expect(better.settings.prometheus.url).toBe('http://localhost:9090')
    expect(better.settings.service.container).toBe('http')
    expect(better.origin('service.container')).toEqual({ from: 'discovery', how: 'the only container with port 3000' })
    expect(resolved.settings.service.container).toBeUndefined()
  })
})

describe('where the file is', () => {
  const files = {
    '/project/shop/task-mcp.yaml': 'service: { namespace: near }',
    '/project/task-mcp.yaml': 'service: { namespace: above }',
    '/home/kim/.config/task-mcp/task-mcp.yaml': 'service: { namespace: home }',
    '/xdg/task-mcp/task-mcp.yaml': 'service: { namespace: xdg }',
    '/etc/other.yaml': 'service: { namespace: named }',
  }
  test.each([
    ['/project/shop', {}, {}, 'near'],
    ['/project/shop/deep/er', {}, {}, 'near'],
    ['/project/other', {}, {}, 'above'],
    ['/elsewhere', {}, {}, 'home'],
    ['/elsewhere', { XDG_CONFIG_HOME: '/xdg' }, {}, 'xdg'],
    ['/project/shop', { TASK_MCP_CONFIG: '../../etc/other.yaml' }, {}, 'named'],
    ['/project/shop', { TASK_MCP_CONFIG: '/nowhere' }, { config: '/etc/other.yaml' }, 'named'],
  ])('from %s with %j and %j: %s', async (cwd, env, flags, namespace) => {
    expect((await load({ files, cwd, env }, flags)).settings.service.namespace).toBe(namespace)
  })

  test('a named file that is not there is said', async () => {
    await expect(load({}, { config: 'nope.yaml' })).rejects.toMatchObject({
      exitCode: 2,
      message: 'there is no settings file /project/nope.yaml',
    })
  })
})

describe('how values are written', () => {
  test('durations, percentages, kinds, paths, labels', async () => {
    const { settings } = await load(
      withFile(`
service:
  kind: statefulset
  deployment: checkout
  selector: { app: checkout, tier: 1 }
  edge: https://shop.example.com/checkout/
  metrics: { duration: none, exclude: none }
  mcp: { tokenFile: secrets/token }
  dependencies:
    - { name: db, kind: StatefulSet, workload: postgres, port: 5432 }
    - { name: payments, host: pay.example.com }
thresholds: { errorRatio: 2%, p95: 150ms, p99: 1 }
timeout: 1m30s
lookback: 7d
runbooks: ~/runbooks
`),
    )
    expect(settings.service).toMatchObject({
      kind: 'StatefulSet',
      workload: 'checkout',
      selector: { app: 'checkout', tier: '1' },
      edge: 'https://shop.example.com/checkout',
      mcp: { tokenFile: '/project/secrets/token' },
    })
    expect(settings.service.metrics).toMatchObject({ duration: undefined, exclude: undefined })
    expect(settings.service.dependencies).toEqual([
      { name: 'db', kind: 'StatefulSet', workload: 'postgres', port: 5432 },
      { name: 'payments', host: 'pay.example.com' },
    ])
    expect(settings.thresholds).toMatchObject({ errorRatio: 0.02, p95Seconds: 0.15, p99Seconds: 1 })
    expect(settings).toMatchObject({ timeoutSeconds: 90, lookbackSeconds: 604_800, runbooks: '/home/kim/runbooks' })
  })

  test('labels and headers in flags and the environment', async () => {
    const { settings } = await load(
      { env: { TASK_MCP_PROMETHEUS_HEADERS: 'X-Scope-OrgID=shop, X-Other=a=b' } },
      { selector: 'app=checkout,tier=api' },
    )
    expect(settings.service.selector).toEqual({ app: 'checkout', tier: 'api' })
    expect(settings.prometheus.headers).toEqual({ 'X-Scope-OrgID': 'shop', 'X-Other': 'a=b' })
  })

  test('an empty value, an empty file and an anchor are fine', async () => {
    expect((await load(withFile('service:\n  container:\n'))).settings.service.container).toBeUndefined()
    expect((await load(withFile('# nothing yet\n'))).settings).toStrictEqual(defaults)
    expect((await load(withFile('prometheus: &p { namespace: monitoring }\nalertmanager: *p\n'))).settings.alertmanager.namespace).toBe(
      'monitoring',
    )
  })
})

describe('mistakes have a place and a remedy', () => {
  test.each([
    ['service:\n  workloda: x\n', 'task-mcp.yaml:2:3: there is no setting "service.workloda"; did you mean service.workload?'],
    ['promethius:\n  url: http://p\n', 'task-mcp.yaml:1:1: there is no setting "promethius"; did you mean prometheus?'],
    ['namespace: shop\n', 'task-mcp.yaml:1:1: there is no setting "namespace"; did you mean service.namespace?'],
    [
      'service: { health: { alive: / } }\n',
      'task-mcp.yaml:1:22: there is no setting "service.health.alive"; did you mean service.health.live?',
    ],
    ['quux: 1\n', 'task-mcp.yaml:1:1: there is no setting "quux"; here can be cluster, service, prometheus'],
    ['service: checkout\n', 'task-mcp.yaml:1:10: service must be a mapping of settings'],
    ['- service\n', 'task-mcp.yaml:1:1: the file must be a mapping of settings'],
    ['service:\n  port: web\n', 'task-mcp.yaml:2:9: service.port must be a port (1 to 65535), not "web"'],
    ['service:\n  port: 70000\n', 'not "70000"'],
    ['service:\n  namespace: [a]\n', 'task-mcp.yaml:2:14: service.namespace must be a text'],
    ['service:\n  namespace: true\n', 'task-mcp.yaml:2:14: service.namespace must be a text'],
    ['timeout: soon\n', 'task-mcp.yaml:1:10: timeout must be a duration such as 200ms, 10s, 5m or 1h30m, not "soon"'],
    ['timeout: 0s\n', 'timeout must be a duration'],
    ['thresholds: { errorRatio: 5 }\n', 'thresholds.errorRatio must be a ratio from 0 to 1, or a percentage such as 5%, not "5"'],
    ['service: { edge: shop.example.com }\n', 'service.edge must be a URL'],
    ['service: { kind: Job }\n', 'service.kind must be one of Deployment, StatefulSet, DaemonSet, not "Job"'],
    ['service: { workload: a, deployment: b }\n', 'service.deployment is said twice (service.workload is the same setting)'],
    ['service: { dependencies: [{ host: x }] }\n', 'has a dependency (number 1) without a name'],
    ['service: { dependencies: [{ name: x, hots: y }] }\n', 'which is not a field of one: did you mean host?'],
    ['service: { dependencies: [{ name: x, port: y }] }\n', 'has a dependency (number 1) whose port must be a port'],
    ['service:\n  port: 1\n  port: 2\n', 'task-mcp.yaml:3:3: Map keys must be unique'],
    ['service: {\n', 'task-mcp.yaml:2:1: '],
    ['service: *nowhere\n', 'task-mcp.yaml:1:10: no anchor is called &nowhere'],
    ['timeout: *nowhere\n', 'task-mcp.yaml:1:10: timeout cannot be read: '],
  ])('%j', async (yaml, message) => {
    const r = await cli(aWorld(withFile(yaml)))('config')
    expect(r.code).toBe(2)
    expect(r.out).toBe('')
    expect(r.err).toContain(message)
    expect(r.err).toContain('task-mcp config lists every setting')
    expect(r.err).not.toContain('    at ')
  })

  test('all mistakes of a file at once', async () => {
    const r = await cli(aWorld(withFile('a: 1\nservice:\n  b: 2\n')))('config')
    expect(r.err).toMatch(/task-mcp\.yaml:1:1: .*\ntask-mcp\.yaml:3:3: /)
  })

  test('a bad variable or flag says its own name', async () => {
    expect((await cli(aWorld({ env: { TASK_MCP_TIMEOUT: 'x' } }))('config')).err).toContain('TASK_MCP_TIMEOUT must be a duration')
    expect((await cli(aWorld())('config', '--edge', 'x')).err).toContain('--edge must be a URL')
    expect((await cli(aWorld())('config', '--port', '0')).err).toContain('--port must be a port')
  })
})

describe('who is called', () => {
  const read = async (yaml: string) => (await load(withFile(yaml))).settings.escalation

  test('channels, contacts, schedules and levels are read, files beside the file that names them', async () => {
    const escalation = await read(
      'escalation:\n  timeZone: Europe/Berlin\n  channels:\n    pager: { kind: pagerduty, keyFile: pd.key, tokenEnv: PD_TOKEN, timeout: 5s }\n  contacts:\n    primary: { schedule: main, by: [pager] }\n  schedules: { main: on-call.yaml }\n  levels:\n    - { level: 1, role: On call, respondWithin: 5m, contacts: [primary], handsOverWhen: [{ fact: service_down, after: 10m }] }\n',
    )
    expect(escalation.channels.pager).toMatchObject({
      kind: 'pagerduty',
      secret: { file: '/project/pd.key' },
      token: { env: 'PD_TOKEN' },
      timeoutSeconds: 5,
    })
    expect(escalation.schedules).toEqual({ main: '/project/on-call.yaml' })
    expect(escalation.levels[0]).toMatchObject({ respondWithinSeconds: 300, handsOverWhen: [{ afterSeconds: 600, says: 'service down' }] })
  })

  test.each([
    ['channels: { a: { kind: slack, url: https://hooks.example/T1 } }', /channels\.a\.url, which is a secret.*urlFile or urlEnv/],
    ['channels: { a: { kind: slak } }', /channels\.a without a kind that is known/],
    ['channels: { a: { kind: email, host: smtp.example.com } }', /without host and from/],
    ['channels: { a: { kind: opsgenie } }', /without keyFile or keyEnv/],
    ['contacts: { kim: { by: [pager] } }', /naming the channel "pager", which is not there/],
    ['timeZone: Berlin', /write a name such as Europe\/Berlin/],
    ['conntacts: {}', /did you mean contacts/],
    ['levels: [{ level: 1, role: x, respondWithin: soon, contacts: [a] }]', /levels, number 1\.respondWithin, which must be a duration/],
  ])('%s is refused with its place', async (line, why) => {
    await expect(read(`escalation: { ${line} }\n`)).rejects.toThrow(why)
  })
})
