/**
 * `task-mcp diagnose service-downtime` as a whole process, against the commands of the written runbook's section "Service
 * Downtime" run one after another, pair by pair in one run, so that a busy machine slows both. Nobody's time to read, think
 * and type is counted. Takes the cluster of KUBECONFIG; without --workload it makes a small Deployment and deletes it again.
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

/** The runbook's section as written, save that logs are read and not followed, and health is asked through the API server. */
function commands({ namespace, workload, service }: Where, port: string, pod: string, selector: string): string[][] {
  const health = (name: string) => ['get', '--raw', `/api/v1/namespaces/${namespace}/services/${service}:${port}/proxy/health/${name}`]
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

async function bench(where: Where, runs: number): Promise<void> {
  const { namespace, workload, service } = where
  const deployment = JSON.parse(await kubectl(['get', 'deployment', workload, '-n', namespace, '-o', 'json'])) as {
    spec: { selector: { matchLabels: Record<string, string> } }
  }
  const selector = Object.entries(deployment.spec.selector.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const port = await kubectl(['get', 'service', service, '-n', namespace, '-o', 'jsonpath={.spec.ports[0].port}'])
  const pod = await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'jsonpath={.items[0].metadata.name}'])
  const list = commands(where, port, pod, selector)
  const versions = JSON.parse(await kubectl(['version', '-o', 'json'])) as Record<'clientVersion' | 'serverVersion', { gitVersion: string }>

  out(`${machine()}, kubectl ${versions.clientVersion.gitVersion}, cluster ${versions.serverVersion.gitVersion}; load ${load()}`)
  const { said } = await diagnose(where)
  const warm = await oneAfterAnother(list)
  const failed = warm.said.flatMap(({ code, err }, i) => (code === 0 ? [] : [`kubectl ${list[i]!.join(' ')}: ${err.trim()}`]))
  const ours: Timed<Verdict>[] = []
  const theirs: Timed<Ran[]>[] = []
  for (let pair = 0; pair < runs; pair++) {
    // Every other pair the other way round: whoever comes second takes turns.
    if (pair % 2 === 0) ours.push(await diagnose(where))
    theirs.push(await oneAfterAnother(list))
    if (pair % 2 === 1) ours.push(await diagnose(where))
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
  const ratios = ours.map((one, pair) => theirs[pair]!.seconds / one.seconds)
  const ratio = (share: number) => quantile(ratios, share).toFixed(2)
  out(`  commands / diagnose, pair by pair: p50 ${ratio(0.5)} (p25 ${ratio(0.25)}, p75 ${ratio(0.75)}); load ${load()}`)
  for (const one of failed) out(`  failed: ${one}`)
}

const { namespace, workload, service } = values
if (workload !== undefined) {
  if (namespace === undefined) throw new Error('say which with --namespace too')
  await bench({ namespace, workload, service: service ?? workload }, Number(values.runs))
} else {
  const { where, remove } = await makeService(values.image)
  try {
    await bench(where, Number(values.runs))
  } finally {
    await remove()
  }
}
