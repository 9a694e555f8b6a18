/**
 * How much longer `task-mcp restart`, `scale` and `rollback` take than kubectl for the same change, until the API server has it: whole
 * processes in pairs, on the cluster of KUBECONFIG, on a small service of the bench's own or on one of two replicas that is there. Each change is made twice by ours: on the
 * service of the settings, which is diagnosed first, and on a workload that is not, which is planned and gated only.
 *
 *   npm run build && node bench/actions.ts [--runs 10] [--only rollback,restart,scale] [--image IMAGE] [--namespace N --workload W --service S]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { kubectl, run } from '../test/cluster/kubectl.ts'
import { load, machine, quantile } from './diagnose-figures.ts'
import { makeService, type Where } from './diagnose-service.ts'

const bin = path.resolve(import.meta.dirname, '../bin/task-mcp.js')
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    only: { type: 'string', default: 'rollback,restart,scale' },
    image: { type: 'string', default: 'localhost/node:24-slim' },
    namespace: { type: 'string' },
    workload: { type: 'string' },
    service: { type: 'string' },
  },
})
const out = (text: string) => process.stdout.write(`${text}\n`)

interface Change {
  name: string
  /** What kubectl and we are asked for, the number telling one time from the other. */
  kubectl: (time: number) => string[]
  ours: (time: number) => string[]
}

const changes = (workload: string): Change[] => [
  // First: after restarts the revision before would differ in nothing that reaches the program.
  { name: 'rollback', kubectl: () => ['rollout', 'undo', workload], ours: () => ['rollback', workload] },
  { name: 'restart', kubectl: () => ['rollout', 'restart', workload], ours: () => ['restart', workload] },
  {
    name: 'scale',
    kubectl: (time) => ['scale', workload, `--replicas=${2 + (time % 2)}`],
    ours: (time) => ['scale', workload, '--replicas', `${2 + (time % 2)}`],
  },
]

const kinds = ['kubectl', 'not the service', 'the service'] as const

async function bench(where: Where, runs: number, folder: string): Promise<void> {
  const { namespace, service } = where
  const workload = `deployment/${where.workload}`
  const settled = () => kubectl(['-n', namespace, 'rollout', 'status', workload, '--timeout=90s'], { timeoutSeconds: 100 })
  for (const [file, name] of [
    ['the service', where.workload],
    ['not the service', 'another'],
  ] as const)
    await writeFile(path.join(folder, `${file}.yaml`), JSON.stringify({ service: { namespace, workload: name, service, port: 3000 } }))
  // Something to go back to, and all pods at once, which spares waiting between what is measured.
  await kubectl(['-n', namespace, 'patch', workload, '-p', JSON.stringify({ spec: { strategy: { rollingUpdate: { maxSurge: '100%' } } } })])
  await kubectl(['-n', namespace, 'set', 'env', workload, `RELEASE=${process.pid}`])
  await settled()
  const once = async (kind: (typeof kinds)[number], change: Change, time: number): Promise<number> => {
    const ran =
      kind === 'kubectl'
        ? await run('kubectl', ['-n', namespace, ...change.kubectl(time)])
        : await run(process.execPath, [bin, ...change.ours(time), '--yes', '--wait', '0s', '--config', path.join(folder, `${kind}.yaml`)], {
            cwd: folder,
            env: { TASK_MCP_RECORD: path.join(folder, 'record.jsonl') },
          })
    if (ran.code !== 0) throw new Error(`${kind}, ${change.name}: exit ${ran.code}: ${ran.out}${ran.err}`)
    await settled()
    return ran.seconds
  }
  for (const change of changes(workload).filter(({ name }) => values.only.split(',').includes(name))) {
    const times: Record<(typeof kinds)[number], number[]> = { kubectl: [], 'not the service': [], 'the service': [] }
    // A count of turns, so that every one of them has something to change.
    let turn = 1
    for (let pair = 0; pair <= runs; pair++) {
      for (const kind of kinds) {
        const seconds = await once(kind, change, turn++)
        // The first of each warms up.
        if (pair > 0) times[kind].push(seconds)
      }
    }
    const p = (kind: (typeof kinds)[number], share: number) => quantile(times[kind], share).toFixed(2)
    const more = (kind: (typeof kinds)[number], share: number) =>
      quantile(
        times[kind].map((seconds, pair) => seconds - times.kubectl[pair]!),
        share,
      ).toFixed(2)
    out(`  ${change.name}: kubectl p50 ${p('kubectl', 0.5)} s p95 ${p('kubectl', 0.95)} s`)
    for (const kind of ['not the service', 'the service'] as const)
      out(
        `    task-mcp, ${kind.padEnd(15)}  p50 ${p(kind, 0.5)} s p95 ${p(kind, 0.95)} s; more than kubectl, pair by pair: p50 ${more(kind, 0.5)} s p95 ${more(kind, 0.95)} s`,
      )
  }
}

const versions = JSON.parse(await kubectl(['version', '-o', 'json'])) as Record<'clientVersion' | 'serverVersion', { gitVersion: string }>
const { namespace, workload, service } = values
const { where, remove } =
  namespace === undefined || workload === undefined
    ? await makeService(values.image)
    : { where: { namespace, workload, service: service ?? workload }, remove: async () => {} }
const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
try {
  out(`${machine()}, kubectl ${versions.clientVersion.gitVersion}, cluster ${versions.serverVersion.gitVersion}; load ${load()}`)
  out(`  ${values.runs} pairs of each after one that warms up; --wait 0s, so nothing is waited for after the API server has it`)
  await bench(where, Number(values.runs), folder)
  out(`  load ${load()}`)
} finally {
  await remove()
  await rm(folder, { recursive: true })
}
