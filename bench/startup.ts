/**
 * How long a first answer takes: `task-mcp --help` (the built package, compile cache warm) against `kubectl --help`,
 * in turn in one run, so that a busy machine slows both. Prints times, their ratio in pairs, and versions.
 *
 *   npm run build && node bench/startup.ts [pairs]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'

const pairs = Number(process.argv[2] ?? 40)
const bin = path.resolve(import.meta.dirname, '../bin/task-mcp.js')
const contenders = {
  'task-mcp --help': [process.execPath, bin, '--help'],
  'kubectl --help': ['kubectl', '--help'],
  'task-mcp config': [process.execPath, bin, 'config'],
  'node -e 0': [process.execPath, '-e', '0'],
} as const
type Contender = keyof typeof contenders

/** Milliseconds from start to end of a process. */
function once(name: Contender): number {
  const [command, ...args] = contenders[name]
  const start = performance.now()
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
  if (error || status !== 0) throw new Error(`${name} did not work: ${error?.message ?? `exit code ${status}`}`)
  return performance.now() - start
}

const at = (sorted: readonly number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)

const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]])) as Record<Contender, number[]>
const names = Object.keys(contenders) as Contender[]
for (const name of names) for (let warm = 0; warm < 3; warm++) once(name)
for (let pair = 0; pair < pairs; pair++) {
  // Every other round backwards: whoever comes after a slow neighbour takes turns.
  for (const name of pair % 2 === 0 ? names : names.toReversed()) times[name].push(once(name))
}

const out = (text: string) => process.stdout.write(`${text}\n`)
const kubectl = JSON.parse(execFileSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' })) as {
  clientVersion: { gitVersion: string }
}
out(`${pairs} rounds, node ${process.version}, kubectl ${kubectl.clientVersion.gitVersion}, ${process.platform}/${process.arch}`)
for (const name of names) {
  const ordered = sorted(times[name])
  out(
    `  ${name.padEnd(16)}  p50 ${at(ordered, 0.5).toFixed(1)} ms  p95 ${at(ordered, 0.95).toFixed(1)} ms  fastest ${ordered[0]!.toFixed(1)} ms`,
  )
}
const ratios = sorted(times['task-mcp --help'].map((ours, pair) => ours / times['kubectl --help'][pair]!))
out(
  `task-mcp --help / kubectl --help, pair by pair: p50 ${at(ratios, 0.5).toFixed(2)} (p25 ${at(ratios, 0.25).toFixed(2)}, p75 ${at(ratios, 0.75).toFixed(2)})`,
)
