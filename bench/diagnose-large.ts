/**
 * `task-mcp diagnose service-downtime` on a namespace of 1,000 pods, 5,000 events and 200 MB of logs, against the goals of 5 s
 * and 300 MB: a server in this process answers as an API server does, over plain HTTP and with no Prometheus behind it, so the
 * pods' own metrics are read twice. An answer that misses the fault put there fails the bench. Linux alone: it reads /proc.
 *
 *   npm run build && node bench/diagnose-large.ts [runs]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Verdict } from '../src/diagnosis/verdict.ts'
import { run } from '../test/cluster/kubectl.ts'
import { load, machine, quantile } from './diagnose-figures.ts'
import { crowdedNamespace, expected, namespace, workload } from './diagnose-large-objects.ts'
import { serveCrowd } from './diagnose-large-server.ts'

const runs = Number(process.argv[2] ?? 7)
const goals = { seconds: 5, megabytes: 300 }
const logsInAll = 200_000_000
const bin = path.resolve(import.meta.dirname, '../bin/task-mcp.js')
const folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-bench-'))
const place = (name: string) => path.join(folder, name)
const out = (text: string) => process.stdout.write(`${text}\n`)

const objects = crowdedNamespace()
const crowd = await serveCrowd(objects, namespace, logsInAll / objects.pods!.length)
writeFileSync(
  place('kubeconfig'),
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'crowd',
    contexts: [{ name: 'crowd', context: { cluster: 'crowd', user: 'bench' } }],
    clusters: [{ name: 'crowd', cluster: { server: crowd.url } }],
    users: [{ name: 'bench', user: {} }],
  }),
)
// The high-water mark of the program itself: what a parent sees after its end counts the parent's own pages too.
writeFileSync(
  place('peak.mjs'),
  `import { readFileSync, writeFileSync } from 'node:fs'
process.on('exit', () => writeFileSync(${JSON.stringify(place('peak'))}, /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] + ' ' + process.cpuUsage().user / 1e6))\n`,
)

interface Look {
  seconds: number
  megabytes: number
  cpuSeconds: number
  verdict: Verdict
}

async function look(): Promise<Look> {
  crowd.sent.clear()
  const args = ['diagnose', 'service-downtime', '--json', '-n', namespace, '--workload', workload, '--service', workload]
  const ran = await run(process.execPath, ['--import', pathToFileURL(place('peak.mjs')).href, bin, ...args], {
    cwd: folder,
    env: { KUBECONFIG: place('kubeconfig') },
  })
  if (ran.code !== 3) throw new Error(`diagnose ended with exit code ${ran.code}: ${ran.err.trim() || ran.out}`)
  const verdict = JSON.parse(ran.out) as Verdict
  const [cause] = verdict.causes
  if (cause?.code !== expected.code || cause.subject.kind !== expected.kind || cause.subject.name !== expected.name)
    throw new Error(`expected ${expected.code} of ${expected.kind} ${expected.name}, and it says: ${verdict.headline}`)
  const [kilobytes, cpuSeconds] = readFileSync(place('peak'), 'utf8').split(' ').map(Number)
  return { seconds: ran.seconds, megabytes: kilobytes! / 1000, cpuSeconds: cpuSeconds!, verdict }
}

try {
  out(`${machine()}; load ${load()}`)
  out(
    `  ${objects.pods!.length} pods, ${objects.events!.length} events, ${logsInAll / 1e6} MB of logs; ${runs} runs after one that warms up`,
  )
  await look()
  const looks: Look[] = []
  for (let count = 0; count < runs; count++) looks.push(await look())
  const of = (figure: (look: Look) => number, share: number) => quantile(looks.map(figure), share)
  const { verdict } = looks.at(-1)!
  const p95 = of((one) => one.seconds, 0.95)
  const most = of((one) => one.megabytes, 1)
  out(
    `  seconds        p50 ${of((one) => one.seconds, 0.5).toFixed(2)}  p95 ${p95.toFixed(2)}  goal ${goals.seconds}: ${p95 <= goals.seconds ? 'met' : 'missed'}`,
  )
  out(`  CPU seconds    p50 ${of((one) => one.cpuSeconds, 0.5).toFixed(2)} of the program's own`)
  out(
    `  resident peak  p50 ${of((one) => one.megabytes, 0.5).toFixed(0)} MB  most ${most.toFixed(0)} MB  goal ${goals.megabytes} MB: ${most <= goals.megabytes ? 'met' : 'missed'}`,
  )
  out(`  API requests   ${verdict.requests}; verdict: ${verdict.headline}`)
  for (const { what, reason } of verdict.notSeen) out(`  not seen       ${what}: ${reason}`)
  for (const [what, { requests, bytes }] of [...crowd.sent].sort((a, b) => b[1].bytes - a[1].bytes).filter(([, one]) => one.bytes > 10_000))
    out(`  sent           ${what.padEnd(18)} ${`${requests}`.padStart(3)} requests  ${(bytes / 1e6).toFixed(2).padStart(6)} MB`)
  out(`  load ${load()}`)
} finally {
  crowd.close()
  rmSync(folder, { recursive: true, force: true })
}
