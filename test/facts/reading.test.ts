import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMetrics } from '../../src/facts/direct.ts'
import { candidates } from '../../src/facts/discover.ts'
import type { KubeEvent } from '../../src/facts/kubernetes/event.ts'
import type { Service } from '../../src/facts/kubernetes/network.ts'
import type { Pod } from '../../src/facts/kubernetes/pod.ts'
import { parseLog } from '../../src/facts/logs.ts'
import { prune } from '../../src/facts/prune.ts'
import { parseSnapshot, snapshotText } from '../../src/facts/record.ts'
import { redact, secretIn } from '../../src/facts/redact.ts'
import { healthy } from '../support/snapshot.ts'
import { part } from '../support/snapshot-changes.ts'

const canary = 'Zq8vT2mXw4Lp9RkB7nYd'

test.each([
  ['JSON', `{"level":30,"password":"${canary}","msg":"hello"}`],
  ['a URL', `connecting to postgres://kestrel:${canary}@ledger:6000/tasks`],
  ['key=value', `started secret=${canary} workers=4`],
  ['a header', `GET / Authorization: Bearer ${canary}`],
  ['basic', `authorization: Basic ${canary}==`],
  ['a cookie', `cookie: ${canary}`],
  ['PEM', `-----BEGIN RSA PRIVATE KEY-----\n${canary}\n-----END RSA PRIVATE KEY-----`],
  ['a PEM that was cut off', `-----BEGIN PRIVATE KEY-----\n${canary}`],
  ['a token of a service account', `eyJhbGciOiJSUzI1NiJ9.${canary}.${canary}`],
  ['nothing but itself', canary],
])('a secret in the form of %s is not kept', (_form, text) => {
  expect(redact(text)).not.toContain(canary)
  expect(redact(text)).toContain('[redacted]')
})

test.each([
  ['kestrel-6d5f7c9b48-x2x4z'],
  ['registry.example/kestrel:1.8.0'],
  ['2026-05-04T10:00:00.123456789Z'],
  ['123e4567-e89b-12d3-a456-426614174000'],
  ['inc-20260504-1000-bkd'],
  ['connect ECONNREFUSED 10.2.0.4:6000'],
])('%s is no secret and stays', (text) => {
  expect(redact(`saw ${text} twice`)).toBe(`saw ${text} twice`)
})

test('no position of an object carries a secret into a snapshot', () => {
  const fingerprint = () => '#f'
  const pod: Pod = {
    metadata: { name: 'kestrel-1', annotations: { note: `token=${canary}`, 'kubectl.kubernetes.io/last-applied-configuration': canary } },
    spec: {
      containers: [
        {
          name: 'main',
          env: [
            { name: 'DB_PASSWORD', value: 'short' },
            { name: 'LICENCE', value: canary },
          ],
          args: [`--password=${canary}`, `--dsn=redis://u:${canary}@x`],
        },
      ],
      initContainers: [{ name: 'first', command: ['run', `--api-key ${canary}`], env: [{ name: 'X', value: canary }] }],
    },
    status: {
      containerStatuses: [{ name: 'main', ready: false, restartCount: 1, state: { waiting: { message: `bad secret=${canary}` } } }],
    },
  }
  const event: KubeEvent = { metadata: { name: 'e' }, involvedObject: {}, message: `Unhealthy: password=${canary}` }
  const config = { metadata: { name: 'c' }, data: { any: canary }, binaryData: { more: canary } }
  const kept = [
    prune('pods', pod, fingerprint),
    prune('events', event, fingerprint),
    prune('configmaps', config, fingerprint),
    prune('secrets', config, fingerprint),
    prune(
      'deployments',
      { metadata: { name: 'd' }, spec: { template: { metadata: { annotations: { a: `secret=${canary}` } }, spec: pod.spec } } } as never,
      fingerprint,
    ),
  ]
  expect(JSON.stringify(kept)).not.toContain(canary)
  expect(JSON.stringify(kept)).not.toContain('short')
  expect(kept[0]).toMatchObject({
    metadata: { name: 'kestrel-1' },
    spec: { containers: [{ name: 'main', env: [{ name: 'DB_PASSWORD' }, { name: 'LICENCE', value: '#f' }] }] },
  })
})

test('lines of a log keep their times, lose terminal escapes and secrets, and are cut', () => {
  const text = `2026-05-04T09:59:59.1Z \u001b[31mred\u001b[0m password=${canary}\nundated\n\n2026-05-04T10:00:00Z ${'long '.repeat(400)}\n`
  const lines = parseLog(text, new Set())
  expect(lines.map((l) => l.time)).toEqual(['2026-05-04T09:59:59.1Z', undefined, '2026-05-04T10:00:00Z'])
  expect(lines[0]!.text).toBe('red password=[redacted]')
  expect(lines[2]!.text.length).toBeLessThanOrEqual(600)
})

test('a page of metrics is read sample by sample, and what is not one is passed over', () => {
  const page = ['# HELP a b', 'up 1', 'hits_total{code="200",route="/a\\"b"} 12 1700000000', 'load +Inf', 'nothing', 'odd{} NaN', ''].join(
    '\n',
  )
  expect(parseMetrics(page)).toEqual([
    { name: 'up', labels: {}, value: 1 },
    { name: 'hits_total', labels: { code: '200', route: '/a"b' }, value: 12 },
    { name: 'load', labels: {}, value: Number.POSITIVE_INFINITY },
  ])
  fc.assert(fc.property(fc.string(), (any) => Array.isArray(parseMetrics(any))))
})

test('Prometheus is found by its label or its name, never by its helpers', () => {
  const service = (name: string, labels = {}, namespace = 'watch'): Service => ({ metadata: { name, namespace, labels }, spec: {} })
  const names = (list: Service[], source: 'prometheus' | 'alertmanager') => candidates(list, source).map((s) => s.metadata.name)
  const list = [
    service('prometheus-operator'),
    service('prometheus-node-exporter'),
    service('kps-prometheus'),
    service('metrics', { app: 'prometheus' }),
    service('web'),
    service('alertmanager-operated'),
  ]
  expect(names(list, 'prometheus')).toEqual(['metrics', 'kps-prometheus'])
  expect(names([...list].reverse(), 'prometheus')).toEqual(['metrics', 'kps-prometheus'])
  expect(names(list, 'alertmanager')).toEqual(['alertmanager-operated'])
})

test('of several Prometheuses, the one where monitoring usually lives comes before those of teams', () => {
  const service = (namespace: string): Service => ({ metadata: { name: 'prometheus', namespace, labels: { app: 'prometheus' } }, spec: {} })
  const order = candidates(['team-b', 'observability', 'team-a', 'monitoring'].map(service), 'prometheus').map((s) => s.metadata.namespace)
  expect(order).toEqual(['monitoring', 'observability', 'team-a', 'team-b'])
})

test('a snapshot comes back from its file as it was, values that are no numbers too', () => {
  const odd = healthy(
    part('instant', {
      state: 'ok',
      value: {
        p95: {
          series: [
            {
              labels: {},
              points: [
                [1, Number.NaN],
                [2, Number.POSITIVE_INFINITY],
                [3, Number.NEGATIVE_INFINITY],
              ],
            },
          ],
          warnings: [],
        },
      },
    }),
  )
  const back = parseSnapshot(snapshotText(odd), 'look.json')
  expect(back.instant).toEqual(odd.instant)
  expect(snapshotText(back)).toBe(snapshotText(odd))
})

test.each([
  ['cut off', snapshotText(healthy()).slice(0, 400), /look\.json is not a whole snapshot/],
  ['of another version', snapshotText({ ...healthy(), schemaVersion: 9 as 1 }), /version 9 .* reads version 1/],
  ['other JSON', '{"items":[]}', /is JSON, but not a snapshot/],
  ['null', 'null', /is JSON, but not a snapshot/],
  ['empty', '', /is not a whole snapshot/],
])('a file that is %s is refused and says why', (_what, text, why) => {
  expect(() => parseSnapshot(text, 'look.json')).toThrow(why)
})

test.each([
  ['private key', `-----BEGIN RSA PRIVATE KEY-----\n${canary}`],
  ['bearer token', `GET / Authorization: Bearer ${canary}`],
  ['password in a URL', `connecting to postgres://kestrel:${canary}@ledger:6000/tasks`],
  ['password', `{"password":"${canary}","msg":"hello"}`],
  ['cloud or vendor key', 'using AKIAQ3EGRIZ7XMPLE5AB'],
])('a line that gives a %s away is remembered for what it was, without it', (kind, text) => {
  const [line] = parseLog(`2026-05-04T10:00:00Z ${text.replaceAll('\n', ' ')}`, new Set())
  expect(line).toMatchObject({ secret: kind })
  expect(line!.text).not.toContain(text.includes(canary) ? canary : 'Q3EGRIZ7')
})

test.each([
  ['password: ********'],
  ['password=[redacted]'],
  ['password authentication failed for user "kestrel"'],
  ['unexpected token: }'],
  ['token bucket refilled, 200 left'],
  ['secret=north/kestrel-keys mounted'],
  ['postgres://kestrel:***@ledger:6000/tasks'],
  ['postgres://kestrel@ledger:6000/tasks'],
  ['api_key=<API_KEY2> is not set'],
  ['http://ledger:6000/a@b'],
])('%s gives nothing away', (text) => {
  expect(secretIn(text)).toBeUndefined()
})
