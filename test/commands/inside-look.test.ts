import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Context } from '../../src/context.ts'
import type { Verdict } from '../../src/diagnosis/verdict.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli } from '../support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const runbooks = Object.fromEntries(
  readdirSync(path.join(root, 'runbooks'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => [path.join(root, 'runbooks', name), readFileSync(path.join(root, 'runbooks', name), 'utf8')]),
)

/** A service with a database that it names, one ready pod each; a container that is added says what `said` gives for its questions. */
function shop(said: (question: string) => string | undefined, answers?: (boolean | string)[]) {
  const cluster = new FakeCluster()
  for (const [name, port] of [
    ['checkout', 3000],
    ['orders', 5432],
  ] as const) {
    const labels = { app: name }
    const metadata = { name, namespace: 'shop' }
    const env = name === 'checkout' ? [{ name: 'DATABASE', value: 'orders:5432' }] : []
    const container = { name, image: `shop/${name}:1`, ports: [{ containerPort: port }], env }
    const template = { metadata: { labels }, spec: { containers: [container] } }
    cluster.put('deployments', { metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } })
    cluster.put('services', { metadata, spec: { selector: labels, clusterIP: '10.0.0.1', ports: [{ port, targetPort: port }] } })
  }
  cluster.settle()
  let added: { name: string; command: string[] } | undefined
  cluster.afterWrite = ({ body, name }) => {
    added = (body as { spec: { ephemeralContainers: { name: string; command: string[] }[] } }).spec.ephemeralContainers[0]!
    const pod = cluster.one('pods', 'shop', name)
    const state = { terminated: { exitCode: 0 } }
    Object.assign(pod.status ?? {}, { ephemeralContainerStatuses: [{ name: added.name, state }] })
  }
  cluster.logs = async ({ container }) =>
    container === added?.name
      ? added.command
          .slice(4)
          .flatMap((question, number) => (said(question) === undefined ? [] : [`2026-03-01T12:00:00Z ${number}|${said(question)}`]))
          .join('\n')
      : ''
  const targets = () => ({ cluster: async () => cluster, writer: async () => cluster }) as unknown as ReturnType<Context['targets']>
  const world = aWorld({ files: runbooks, targets, now: cluster.now, ...(answers && { answers }) })
  const run = (...more: string[]) =>
    cli({ ...world, clock: cluster.clock })(
      'diagnose',
      'high-error-rate',
      '-n',
      'shop',
      '--workload',
      'checkout',
      '--service',
      'checkout',
      ...more,
    )
  return { cluster, world, run }
}

const asking = ['--ephemeral', 'busybox:1', '--json']

test('without a terminal nothing is added unless --yes is said', async () => {
  const { cluster, run } = shop(() => '0|')
  const { code, err } = await run(...asking)
  expect(code).toBe(7)
  expect(err).toContain('orders:5432')
  expect(err).toContain('It stays listed in the pod until the pod goes')
  expect(cluster.writes).toEqual([])
})

test('a person who declines changes nothing', async () => {
  const { cluster, run } = shop(() => '0|', [false])
  expect((await run(...asking)).code).toBe(7)
  expect(cluster.writes).toEqual([])
})

test('what was heard inside is in the answer and in the record of changes, and replays to the same answer', async () => {
  const { cluster, world, run } = shop((question) => (question.startsWith('orders|') ? '1|Connection refused' : '0|'), [true])
  const { out } = await run(...asking, '--record', 'look.json')
  expect(cluster.writes.map(({ dryRun }) => dryRun)).toEqual([true, false])
  const step = (JSON.parse(out) as Verdict).steps.find(({ found }) => found.includes('from inside'))
  expect(step?.found).toContain('orders')
  expect(world.disk.get('/home/kim/.local/state/task-mcp/record.jsonl')).toContain('added ephemeral container look-')
  const again = await cli(world)('diagnose', 'high-error-rate', '--from', 'look.json', '--json')
  expect(again.out).toBe(out)
})

test('an image that can ask nothing is said, and the rest of the answer stands', async () => {
  const { run } = shop(() => undefined, [true])
  const { out } = await run(...asking)
  const { notSeen } = JSON.parse(out) as Verdict
  expect(notSeen).toContainEqual(
    expect.objectContaining({ what: 'the view from inside a pod', next: expect.stringContaining('an image with a shell') }),
  )
})

test('a saved look is not asked from inside again', async () => {
  const { run } = shop(() => '0|')
  expect((await run('--ephemeral', 'busybox:1', '--from', 'x.json')).code).toBe(2)
})
