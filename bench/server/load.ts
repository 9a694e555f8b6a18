/**
 * Latency of `tools/call` at half the highest rate, the server on one core and who asks on the other: first as many as go, then requests
 * sent by the clock at half of that, whether or not the ones before were answered, so that a stall is in the figures of all whom it hit.
 *   node bench/server/load.ts [seconds a turn] [turns] [server]
 */
import { aGenerator, percentile } from './generator.ts'
import { machine, measured, pin } from './measured.ts'

const seconds = Number(process.argv[2] ?? 10)
const turns = Number(process.argv[3] ?? 3)
const name = process.argv[4] ?? 'ours'
const connections = 64
const warmUpSeconds = 4

const server = await measured(name, 0)
pin(process.pid, 1)
const generator = await aGenerator(server.url, server.headers, connections)
await generator.asFastAsItGoes(warmUpSeconds)
const { perSecond: highest } = await generator.asFastAsItGoes(warmUpSeconds)
process.stdout.write(`${machine()}; ${name}: highest ${highest.toFixed(0)}/s\n`)
for (let turn = 0; turn < turns; turn++) {
  const { perSecond, latencies } = await generator.byTheClock(highest / 2, seconds)
  const [p50, p99, p999, slowest] = [0.5, 0.99, 0.999, 1 - 1 / latencies.length].map((share) => percentile(latencies, share))
  process.stdout.write(
    `at ${perSecond.toFixed(0)}/s for ${seconds} s: p50 ${p50!.toFixed(3)} ms, p99 ${p99!.toFixed(3)} ms (${(p99! / p50!).toFixed(1)} times), p99.9 ${p999!.toFixed(2)} ms, slowest ${slowest!.toFixed(1)} ms\n`,
  )
}
generator.close()
server.child.kill()
