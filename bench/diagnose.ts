/**
 * `task-mcp diagnose service-downtime` as a whole process, against the commands of the written runbook's section "Service
 * Downtime" run one after another, pair by pair in one run, so that a busy machine slows both: read kindly (health through the API
 * server), and as written (its two `curl` lines name the Service, a name that only a pod can resolve, so each runs in a pod made for
 * it). Nobody's time to read, think and type is counted. Takes the cluster of KUBECONFIG; without --workload it makes a small Deployment and deletes it again.
 *
 *   npm run build && node bench/diagnose.ts [--runs 10] [--namespace N --workload W --service S] [--image IMAGE]
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Verdict } from '../src/diagnosis/verdict.ts'
import { kubectl, type Ran, run } from '../test/cluster/kubectl.ts'
import { load, machine, quantile } from './diagnose-figures.ts'
import { makeService, type Where } from './diagnose-service.ts'

const bin = path.resolve(import.meta.dirname, '../bin/task-mcp.js')
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    namespace: { type: 'string' },
    workload: { type: 'string' },
    service: { type: 'string' },
    image: { type: 'string', default: 'localhost/node:24-slim' },
  },
})
const out = (text: string) => process.stdout.write(`${text}\n`)

/** What was asked of the cluster, and the seconds that it took altogether. */
interface Timed<T> {
  seconds: number
  said: T
}

async function diagnose({ namespace, workload, service }: Where): Promise<Timed<Verdict>> {
  const args = ['diagnose', 'service-downtime', '--json', '-n', namespace, '--workload', workload, '--service', service]
  const ran = await run(process.execPath, [bin, ...args], { cwd: '/' })
  if (![0, 3, 5].includes(ran.code)) throw new Error(`task-mcp ${args.join(' ')}: exit ${ran.code}: ${ran.err.trim()}`)
  return { seconds: ran.seconds, said: JSON.parse(ran.out) as Verdict }
}

type Health = (name: 'live' | 'ready') => string[]

/** Health through the API server: what the runbook's `curl` lines become in the hands of somebody who knows how. */
const throughServer =
  ({ namespace, service }: Where, port: string): Health =>
  (name) => ['get', '--raw', `/api/v1/namespaces/${namespace}/services/${service}:${port}/proxy/health/${name}`]

/** The runbook's `curl` lines where their host name means something: in a pod, made for it and removed again. */
const fromPod =
  ({ namespace, service }: Where, port: string, image: string): Health =>
  (name) => {
    const ask = `fetch('http://${service}:${port}/health/${name}').then((answer) => process.exit(answer.ok ? 0 : 22))`
    const run = ['run', `ask-${name}-${Math.random().toString(36).slice(2, 8)}`, '-n', namespace, '--rm', '-i', '--restart=Never']
    return [...run, '--quiet', '--image', image, '--image-pull-policy=IfNotPresent', '--command', '--', 'node', '-e', ask]
  }

/** The runbook's section as written, save that logs are read and not followed, which would never end. */
function commands({ namespace, workload }: Where, pod: string, selector: string, health: Health): string[][] {
  return [
    ['get', 'pods', '-n', namespace, '-l', selector],
    ['logs', `deployment/${workload}`, '-n', namespace, '--tail=200'],
    health('live'),
    health('ready'),
    ['rollout', 'history', `deployment/${workload}`, '-n', namespace],
    ['describe', 'pod', pod, '-n', namespace],
    ['top', 'pods', '-n', namespace],
    ['get', 'events', '-n', namespace],
  ]
}

/** A command that fails is part of the look: a service that is down answers its health paths with an error. */
async function oneAfterAnother(list: readonly string[][]): Promise<Timed<Ran[]>> {
  const said: Ran[] = []
  const started = performance.now()
  for (const args of list) said.push(await run('kubectl', args))
  return { seconds: (performance.now() - started) / 1000, said }
}

async function bench(where: Where, runs: number, image: string): Promise<void> {
  const { namespace, workload, service } = where
  const deployment = JSON.parse(await kubectl(['get', 'deployment', workload, '-n', namespace, '-o', 'json'])) as {
    spec: { selector: { matchLabels: Record<string, string> } }
  }
  const selector = Object.entries(deployment.spec.selector.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const port = await kubectl(['get', 'service', service, '-n', namespace, '-o', 'jsonpath={.spec.ports[0].port}'])
  const pod = await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'jsonpath={.items[0].metadata.name}'])
  const list = commands(where, pod, selector, throughServer(where, port))
  const versions = JSON.parse(await kubectl(['version', '-o', 'json'])) as Record<'clientVersion' | 'serverVersion', { gitVersion: string }>

  out(`${machine()}, kubectl ${versions.clientVersion.gitVersion}, cluster ${versions.serverVersion.gitVersion}; load ${load()}`)
  const { said } = await diagnose(where)
  const warm = await oneAfterAnother(list)
  const failed = warm.said.flatMap(({ code, err }, i) => (code === 0 ? [] : [`kubectl ${list[i]!.join(' ')}: ${err.trim()}`]))
  const ours: Timed<Verdict>[] = []
  const theirs: Timed<Ran[]>[] = []
  const written: Timed<Ran[]>[] = []
  for (let pair = 0; pair < runs; pair++) {
    // Every other pair the other way round: whoever comes second takes turns.
    if (pair % 2 === 0) ours.push(await diagnose(where))
    theirs.push(await oneAfterAnother(list))
    if (pair % 2 === 1) ours.push(await diagnose(where))
    written.push(await oneAfterAnother(commands(where, pod, selector, fromPod(where, port, image))))
  }

  const seconds = (timed: readonly { seconds: number }[], share: number) =>
    quantile(
      timed.map((one) => one.seconds),
      share,
    ).toFixed(2)
  const looked = ours.map((one) => ({ seconds: one.said.took }))
  out(`  ${runs} pairs after one that warms up; verdict ${said.verdict}, ${said.causes[0]?.code ?? 'no cause'}, ${said.requests} requests`)
  for (const { what, reason } of said.notSeen) out(`  not seen: ${what}: ${reason}`)
  out(`  task-mcp diagnose service-downtime  p50 ${seconds(ours, 0.5)} s  p95 ${seconds(ours, 0.95)} s  fastest ${seconds(ours, 0)} s`)
  out(`    of that, looking at the cluster   p50 ${seconds(looked, 0.5)} s  p95 ${seconds(looked, 0.95)} s`)
  out(
    `  ${list.length} kubectl commands                  p50 ${seconds(theirs, 0.5)} s  p95 ${seconds(theirs, 0.95)} s  fastest ${seconds(theirs, 0)} s`,
  )
  for (const [i, args] of list.entries())
    out(
      `    kubectl ${args.slice(0, 2).join(' ').slice(0, 40).padEnd(40)} p50 ${seconds(
        theirs.flatMap((t) => t.said[i] ?? []),
        0.5,
      )} s`,
    )
  out(
    `  the same with curl in a pod            p50 ${seconds(written, 0.5)} s  p95 ${seconds(written, 0.95)} s  fastest ${seconds(written, 0)} s`,
  )
  for (const [words, other] of [
    ['commands / diagnose', theirs],
    ['as written / diagnose', written],
  ] as const) {
    const ratios = ours.map((one, pair) => other[pair]!.seconds / one.seconds)
    const ratio = (share: number) => quantile(ratios, share).toFixed(2)
    out(`  ${words}, pair by pair: p50 ${ratio(0.5)} (p25 ${ratio(0.25)}, p75 ${ratio(0.75)})`)
  }
  out(`  load ${load()}`)
  const lost = written.flatMap(({ said: answers }) => answers.filter(({ code }) => code !== 0))
  if (lost.length > 0) out(`  ${lost.length} commands as written failed: ${lost[0]!.err.trim()}`)
  for (const one of failed) out(`  failed: ${one}`)
}

const { namespace, workload, service } = values
if (workload !== undefined) {
  if (namespace === undefined) throw new Error('say which with --namespace too')
  await bench({ namespace, workload, service: service ?? workload }, Number(values.runs), values.image)
} else {
  const { where, remove } = await makeService(values.image)
  try {
    await bench(where, Number(values.runs), values.image)
  } finally {
    await remove()
  }
}
