/**
 * `tools/call` of an echo, on 50 kept connections, for each server in turn: the server has one core and is kept busy, who asks has the
 * other. What is compared is CPU time for a request, which other work on the machine changes least, and requests a second.
 *   node bench/server/call.ts [seconds a turn] [turns] [servers]
 */
import { aGenerator, type Generator, percentile } from './generator.ts'
import { type Measured, machine, measured, pin } from './measured.ts'

const seconds = Number(process.argv[2] ?? 1)
const turns = Number(process.argv[3] ?? 6)
const names = (process.argv[4] ?? 'raw,ours,lite,stock,stateless,express').split(',')
const connections = 50
const warmUpSeconds = 4

interface Figures {
  readonly microseconds: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly megabytes: number
}

interface Target {
  readonly name: string
  readonly server: Measured
  readonly generator: Generator
}

async function start(name: string): Promise<Target> {
  const server = await measured(name, 0)
  return { name, server, generator: await aGenerator(server.url, server.headers, connections) }
}

async function turn({ server, generator }: Target): Promise<Figures> {
  const before = await server.used()
  const { perSecond, latencies } = await generator.asFastAsItGoes(seconds)
  const { cpu, rss } = await server.used()
  return {
    microseconds: (cpu - before.cpu) / latencies.length,
    perSecond,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    megabytes: rss / 1e6,
  }
}

pin(process.pid, 1)
const targets: Target[] = []
for (const name of names) targets.push(await start(name))
for (const { generator } of targets) await generator.asFastAsItGoes(warmUpSeconds)

/** Servers take turns, and the best turn of each counts: what else the machine does only ever makes a turn worse. */
const best = new Map<string, Figures>()
for (let count = 0; count < turns; count++)
  for (const target of targets) {
    const figures = await turn(target)
    const before = best.get(target.name)
    if (before === undefined || figures.microseconds < before.microseconds) best.set(target.name, figures)
  }
for (const { generator, server } of targets) {
  generator.close()
  server.child.kill()
}
const costOf = (name: string): number => best.get(name)?.microseconds ?? Number.NaN
process.stdout.write(`${machine()}; best of ${turns} turns of ${seconds} s on ${connections} connections, server on one core\n`)
process.stdout.write('server    CPU us/request  of raw  times ours  requests/s  p50 ms  p99 ms  MB\n')
for (const [name, { microseconds, perSecond, p50, p99, megabytes }] of best)
  process.stdout.write(
    `${name.padEnd(9)} ${microseconds.toFixed(1).padStart(14)}  ${`${((100 * costOf('raw')) / microseconds).toFixed(0)}%`.padStart(6)}  ${(microseconds / costOf('ours')).toFixed(1).padStart(10)}  ${perSecond.toFixed(0).padStart(10)}  ${p50.toFixed(1).padStart(6)}  ${p99.toFixed(1).padStart(6)}  ${megabytes.toFixed(0)}\n`,
  )
