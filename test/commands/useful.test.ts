import { readFileSync } from 'node:fs'
import net from 'node:net'
import { Duplex } from 'node:stream'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import type { Context } from '../../src/context.ts'
import { AbsentError } from '../../src/errors.ts'
import { listenLocally } from '../../src/targets/local-listener.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli, type WorldOptions } from '../support/world.ts'

const canary = 'canary-7Qx9LmT2vBz4'

/** A shop of two pods with a Service, configuration, a policy, events, logs, metrics and a DNS. */
function shop(options: Pick<WorldOptions, 'answers' | 'env'> & { logs?: Record<string, string> } = {}) {
  const cluster = new FakeCluster()
  const labels = { app: 'checkout' }
  const metadata = { name: 'checkout', namespace: 'shop' }
  const managed = (data: Record<string, string>) => [
    {
      manager: 'kubectl-edit',
      operation: 'Update',
      time: new Date(cluster.now).toISOString(),
      fieldsV1: { 'f:data': Object.fromEntries(Object.keys(data).map((key) => [`f:${key}`, {}])) },
    },
  ]
  cluster.put('deployments', {
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'app',
              image: 'shop/checkout:1',
              ports: [{ name: 'http', containerPort: 3000 }],
              env: [
                { name: 'MODE', value: canary },
                { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'checkout', key: 'token' } } },
                { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'checkout', key: 'level' } } },
              ],
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
              readinessProbe: { httpGet: { path: '/health/ready', port: 'http' } },
            },
          ],
        },
      },
    },
  })
  cluster.put('services', {
    metadata,
    spec: { selector: labels, clusterIP: '10.0.0.1', ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  })
  cluster.put('configmaps', { metadata: { ...metadata, managedFields: managed({ level: '' }) }, data: { level: canary } })
  cluster.put('secrets', {
    metadata: { ...metadata, managedFields: managed({ token: '' }) },
    type: 'Opaque',
    data: { token: canary },
  } as never)
  cluster.put('pods', {
    metadata: { name: 'coredns-1', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
    spec: { containers: [] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  } as never)
  cluster.settle()
  const pods = cluster.all('pods').filter((pod) => pod.metadata.namespace === 'shop')
  pods.forEach((pod, index) => {
    cluster.put('podmetrics', {
      metadata: { name: pod.metadata.name, namespace: 'shop' },
      containers: [{ name: 'app', usage: { cpu: `${100 + index}m`, memory: index === 0 ? '120Mi' : '30720Ki' } }],
    })
    cluster.put('events', {
      metadata: { name: `e${index}`, namespace: 'shop', creationTimestamp: new Date(cluster.now - 60_000).toISOString() },
      involvedObject: { kind: 'Pod', name: pod.metadata.name, namespace: 'shop' },
      type: 'Warning',
      reason: 'Unhealthy',
      message: `Readiness probe of ${pod.metadata.name} failed: token=${canary}`,
      count: 3,
      lastTimestamp: new Date(cluster.now - 60_000).toISOString(),
    })
  })
  const [first, second] = pods.map((pod) => pod.metadata.name) as [string, string]
  const at = (second: number) => new Date(cluster.now - 600_000 + second * 1000).toISOString()
  const texts: Record<string, string> = options.logs ?? {
    [first]: `${at(1)} request 1 took 5 ms\n${at(2)} ERROR no answer from 10.0.0.7 password=${canary} after 31 ms\n${at(9)} WARN slow 70 ms\n`,
    [second]: `${at(3)} request 2 took 8 ms\n${at(4)} ERROR no answer from 10.0.0.9 password=${canary} after 44 ms\n`,
  }
  cluster.logs = async (query) => {
    cluster.stats.requests++
    if (cluster.denied.has('get pods/log'))
      throw new (await import('../../src/errors.ts')).DeniedError('jo may not get pods/log', 'a Role rule would allow it')
    if (query.previous) throw new AbsentError('previous terminated container not found')
    return texts[query.pod] ?? ''
  }
  cluster.answers = (request) =>
    request.path === '/metrics'
      ? {
          status: 200,
          body: 'process_resident_memory_bytes 5e7\nprocess_open_fds 23\nprocess_max_fds 1024\n',
          seconds: 0.01,
          contentType: 'text/plain',
        }
      : {
          status: 200,
          body: request.path === '/api/health' ? '{"database":"ok","version":"12.1.0"}' : 'ok',
          seconds: 0.01,
          contentType: 'application/json',
        }
  const forwards: string[] = []
  const targets = () =>
    ({
      cluster: async () => cluster,
      writer: async () => cluster,
      metrics: async () => ({
        where: 'monitoring/prometheus',
        instant: async (queries: Record<string, string>) =>
          Object.fromEntries(
            Object.keys(queries).map((name) => [
              name,
              { series: [{ labels: { __name__: 'up', pod: first }, points: [[cluster.now / 1000, 1]] }], warnings: [] },
            ]),
          ),
        range: async () => ({
          series: [{ labels: {}, points: [1, 2, Number.NaN].map((value, index) => [cluster.now / 1000 + index, value]) }],
          warnings: ['slow'],
        }),
        targets: async () => [
          {
            labels: { job: 'pods', namespace: 'shop', pod: first },
            health: 'up',
            lastError: '',
            lastScrape: new Date(cluster.now).toISOString(),
          },
          {
            labels: { job: 'pods', namespace: 'else', pod: 'x-1' },
            health: 'down',
            lastError: 'connection refused',
            lastScrape: new Date(cluster.now).toISOString(),
          },
        ],
      }),
    }) as unknown as ReturnType<Context['targets']>
  cluster.put('services', { metadata: { name: 'prometheus', namespace: 'monitoring' }, spec: { ports: [{ port: 9090 }] } })
  const world = { ...aWorld({ targets, ...(options.answers ? { answers: options.answers } : {}) }), clock: cluster.clock }
  const typed = cli(world)
  const run = (...argv: string[]) =>
    typed(...argv.slice(0, 1), ...argv.slice(1), ...(argv.includes('--') ? [] : ['-n', 'shop', '--workload', 'checkout']))
  return { cluster, world, run, typed, forwards, first, second }
}

const looks: string[][] = [
  ['logs'],
  ['logs', '--lines'],
  ['events'],
  ['top'],
  ['describe', '--verbose'],
  ['changes'],
  ['keys', '--all'],
  ['network'],
  ['inspect', '--metrics', 'fds'],
  ['prometheus', 'targets', '--all'],
  ['prometheus', 'query', 'up'],
  ['prometheus', 'query', 'up', '--range', '1h'],
]

const named = (list: readonly (readonly string[])[]) => list.map((argv): [string, readonly string[]] => [argv.join(' '), argv])

const schema = JSON.parse(readFileSync(new URL('../../schemas/commands.schema.json', import.meta.url), 'utf8'))
const valid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema)

test.each(named(looks))('%s shows nothing secret, writes nothing, and its JSON keeps the schema', async (_name, argv) => {
  const { run, cluster } = shop()
  const text = await run(...argv)
  const json = await run(...argv, '--json')
  expect([0, 3]).toContain(text.code)
  expect(`${text.out}${text.err}${json.out}`).not.toMatch(/canary/)
  valid(JSON.parse(json.out))
  expect(valid.errors ?? []).toEqual([])
  expect(cluster.writes).toEqual([])
  expect(text.out.includes('\u001b')).toBe(false)
})

test.each(named(looks))('%s fits 60 columns', async (_name, argv) => {
  const { world, run } = shop()
  Object.assign(world.terminal, { columns: 60 })
  const { out } = await run(...argv)
  // Every line of a log, and a series by its labels, are for copying and stay whole.
  const wide = out.split('\n').filter((line) => line.length > 60)
  expect(argv.includes('--lines') || argv[0] === 'prometheus' ? [] : wide).toEqual([])
})

test.each(
  named([
    ...looks,
    ['grafana'],
    ['port-forward'],
    ['inspect', 'x', '--ephemeral', 'busybox'],
    ['status'],
    ['alerts'],
    ['scale', '--replicas', '5'],
    ['restart'],
  ]),
)('%s --explain prints lines to type by hand and asks nothing', async (_name, argv) => {
  const { run, cluster } = shop()
  const { code, out } = await run(...argv, '--explain')
  expect(code).toBe(0)
  expect(out).toMatch(/^(SELECTOR=|kubectl |curl )/)
  expect(out.split('\n').filter((line) => line !== '' && !/^(SELECTOR=\S|kubectl |curl )/.test(line))).toEqual([])
  expect(cluster.stats.requests).toBe(0)
})

test.each([
  ['logs', 'list pods'],
  ['logs', 'get pods/log'],
  ['events', 'list events'],
  ['top', 'list pods'],
  ['describe', 'list pods'],
  ['changes', 'list deployments'],
  ['keys', 'list pods'],
  ['network', 'list pods'],
  ['inspect', 'get pods/proxy'],
  ['port-forward', 'list pods'],
])('%s without "%s" is 4, with what would allow it', async (command, rule) => {
  const { run, cluster } = shop()
  cluster.denied.add(rule)
  const { code, out, err } = await run(command)
  expect(code).toBe(4)
  expect(out + err).toMatch(/Role rule/)
})

test.each([
  ['describe', 'list events', 'events were not seen'],
  ['changes', 'list secrets', 'Not seen: secrets'],
  ['network', 'list networkpolicies', 'NetworkPolicies were not seen'],
  ['keys', 'list secrets', 'Secret checkout: was not seen'],
])('%s without "%s" says so and shows the rest', async (command, rule, said) => {
  const { run, cluster } = shop()
  cluster.denied.add(rule)
  const { code, out } = await run(command)
  expect([code, out.includes(said)]).toEqual([0, true])
})

test('logs puts lines together that say the same, errors first, over all pods', async () => {
  const { out } = await shop().run('logs')
  expect(out.split('\n').slice(1, 4)).toEqual([
    '2x ERROR no answer from 10.0.0.9 password=[redacted] after 44 ms',
    expect.stringMatching(/^ {3}all pods \d\d:\d\d:\d\d to /),
    expect.stringMatching(/^1x WARN slow 70 ms/),
  ])
  expect((await shop().run('logs', '--errors')).out).not.toContain('request')
  const { out: lines } = await shop().run('logs', '--lines', '--grep', 'took')
  expect(
    lines
      .split('\n')
      .slice(1, 3)
      .map((line) => line.replace(/^\S+ \S+ /, '')),
  ).toEqual(['request 1 took 5 ms', 'request 2 took 8 ms'])
})

test('logs begins at the onset that the last diagnosis found', async () => {
  const { run, world, cluster } = shop()
  const at = new Date(cluster.now).toISOString()
  const since = new Date(cluster.now - 480_000).toISOString()
  world.disk.set('/home/kim/.local/state/task-mcp/last-verdict.json', JSON.stringify({ since, digest: { at, verdict: 'faulty' } }))
  expect(JSON.parse((await run('logs', '--json')).out)).toMatchObject({ since, sinceFrom: 'since the onset that the last diagnosis found' })
  expect(JSON.parse((await run('logs', '--since', '5m', '--json')).out).sinceFrom).toBe('as --since says')
  expect((await shop().run('logs', '--since', 'onset')).code).toBe(2)
  expect((await shop().run('logs', '--since', 'soon')).code).toBe(2)
  expect((await shop().run('logs', '--grep', '(')).code).toBe(2)
})

test('logs --follow shows each new line once, and stops with its deadline', async () => {
  const { run } = shop()
  const { code, out } = await run('logs', '--follow', '--timeout', '9s')
  expect(code).toBe(0)
  expect(out.split('\n').filter((line) => line.includes('WARN slow'))).toHaveLength(1)
})

test('events of several pods that say the same are one, with a count', async () => {
  const { out } = await shop().run('events')
  expect(out).toMatch(/Unhealthy 2 Pods: Readiness probe of \S+ failed: token=\[redacted\]\n {2}6x, last/)
  expect((await shop().run('events', '--since', '30s')).out).toContain('no proof of calm')
})

test('top marks what is over its threshold, fullest first, and falls back to Prometheus', async () => {
  const { run, first, cluster } = shop()
  expect((await run('top')).out.split('\n')[2]).toMatch(new RegExp(`^${first} +120Mi/128Mi 94% +100m/1 10%`))
  cluster.denied.add('list podmetrics')
  expect((await run('top')).out).toMatch(/^shop\/checkout by monitoring\/prometheus\n/)
})

test('keys says what is missing, and never a value', async () => {
  const { run, cluster } = shop()
  cluster.drop('secrets', cluster.one('secrets', 'shop', 'checkout'))
  const { code, out } = await run('keys')
  expect(code).toBe(3)
  expect(out).toContain('Secret checkout: is not there')
  expect(out).toContain('ConfigMap checkout: 1 key: level')
})

test('network finds the hop that is broken', async () => {
  const { run, cluster } = shop()
  cluster.put('services', {
    ...cluster.one('services', 'shop', 'checkout'),
    spec: { selector: { app: 'checkuot' }, ports: [{ port: 80, targetPort: 'web' }] },
  })
  const { code, out } = await run('network')
  expect(code).toBe(3)
  expect(out).toMatch(/BROKEN +Service +checkout selects app=checkuot, and no pod of checkout has/)
  expect(out).toMatch(/BROKEN +port +port 80 leads to web, a name that container app does/)
})

test('network knows which callers a policy lets in', async () => {
  const { run, cluster } = shop()
  cluster.put('networkpolicies', {
    metadata: { name: 'inward', namespace: 'shop' },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge' } } }] }],
    },
  })
  const flat = async (...argv: string[]) => (await run('network', ...argv)).out.replace(/\s+/g, ' ')
  expect(await flat()).toContain('inward: a pod without labels in namespace shop may not ask port 3000')
  expect(await flat('--from', 'edge')).toContain('inward: a pod without labels in namespace edge may ask port 3000')
})

test('prometheus targets shows what does not answer first; grafana and its absence', async () => {
  const { run, cluster } = shop()
  const { code, out } = await run('prometheus', 'targets')
  expect([code, out.split('\n').find((line) => line.includes('DOWN'))]).toEqual([3, expect.stringContaining('DOWN pods else x-1')])
  expect((await run('grafana')).code).toBe(5)
  cluster.put('services', { metadata: { name: 'grafana', namespace: 'monitoring' }, spec: { ports: [{ port: 3000 }] } })
  expect(await run('grafana')).toMatchObject({ code: 0, out: expect.stringContaining('Grafana 12.1.0 at monitoring/grafana') })
})

test('a pod is known by the end of its name, and a slip is answered', async () => {
  const { run, first } = shop()
  expect((await run('describe', first.split('-').at(-1)!)).out.startsWith(first)).toBe(true)
  expect(await run('describe', `${first}x`)).toMatchObject({ code: 2, err: expect.stringContaining(`did you mean ${first}?`) })
})

test('a workload that is not there is 5, and one that may not be seen is known by its pods', async () => {
  const { typed, run, cluster } = shop()
  expect((await typed('logs', '-n', 'shop', '--workload', 'nope')).code).toBe(5)
  cluster.denied.add('list deployments')
  cluster.denied.add('list replicasets')
  expect((await run('logs')).out).toContain('of 2 pods')
})

const ephemeral = (first: string, ...more: string[]) => [
  'inspect',
  first,
  '-n',
  'shop',
  '--workload',
  'checkout',
  '--ephemeral',
  'busybox:1',
  ...more,
  '--',
  'nslookup',
  'checkout',
]

test('inspect --ephemeral shows its plan and adds nothing without consent', async () => {
  const { run, cluster, first } = shop()
  const { code, err } = await run(...ephemeral(first))
  expect(code).toBe(7)
  expect(err).toContain('It stays listed in the pod until the pod goes')
  expect(cluster.writes.map((write) => write.dryRun)).toEqual([true])
  expect((await run(...ephemeral(first, '--dry-run'))).code).toBe(0)
  expect(await run('inspect', first, '--ephemeral', 'busybox:1')).toMatchObject({ code: 2 })
})

test('inspect --ephemeral runs the command, reads its output back without secrets, and says how it ended', async () => {
  const { run, cluster, first, world } = shop({ answers: [true] })
  cluster.afterWrite = ({ body, name }) => {
    const [added] = (body as { spec: { ephemeralContainers: { name: string; command: string[] }[] } }).spec.ephemeralContainers
    const pod = cluster.one('pods', 'shop', name)
    Object.assign(pod.status ?? {}, { ephemeralContainerStatuses: [{ name: added!.name, state: { terminated: { exitCode: 1 } } }] })
  }
  cluster.logs = async () => `2026-03-01T12:00:00Z server can't find checkout password=${canary}\n`
  const { code, out } = await run(...ephemeral(first))
  expect([code, out]).toEqual([3, "server can't find checkout password=[redacted]\nnslookup ended with 1\n"])
  expect(world.disk.get('/home/kim/.local/state/task-mcp/record.jsonl')).toContain('added ephemeral container look-')
})

test('a port of this machine leads to a way of its own for each connection, and is free again', async () => {
  let opened = 0
  const lost: string[] = []
  const echo = async () => {
    if (++opened === 2) throw new AbsentError('nothing listens there')
    return new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        this.push(`<${chunk}>`)
        done()
      },
    })
  }
  const listener = await listenLocally({ host: '127.0.0.1', port: 0 }, echo, (error) => lost.push(error.message))
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = net.connect(listener.port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (data) => {
        resolve(String(data))
        socket.destroy()
      })
      socket.on('close', () => resolve('closed'))
      socket.on('error', () => resolve('closed'))
    })
  expect([await say('a'), await say('b'), await say('c')]).toEqual(['<a>', 'closed', '<c>'])
  expect(lost).toEqual(['nothing listens there'])
  await expect(listenLocally({ host: '127.0.0.1', port: listener.port }, echo, () => {})).rejects.toThrow(/is taken on this machine/)
  await listener.close()
  const again = await listenLocally({ host: '127.0.0.1', port: listener.port }, echo, () => {})
  await again.close()
})
