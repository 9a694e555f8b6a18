/**
 * From the start of the built program to its line "listening", and what it holds when idle: `task-mcp serve` with its defaults, on an
 * existing SQLite file.
 *   npm run build && node bench/server/start.ts [runs] [program]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const runs = Number(process.argv[2] ?? 11)
const program = process.argv[3] ?? path.resolve(import.meta.dirname, '../../bin/task-mcp.js')
const folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-bench-'))

async function oneRun(): Promise<{ milliseconds: number; megabytes: number }> {
  const since = performance.now()
  const child = spawn(process.execPath, [program, 'serve', '--port', '0', '--database-path', path.join(folder, 'tasks.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(child.stdout)) if (line.includes('"listening"')) break
  const milliseconds = performance.now() - since
  child.stdout.resume()
  await sleep(3000)
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  return { milliseconds, megabytes: (Number(kibibytes) * 1024) / 1e6 }
}

await oneRun()
const all = []
for (let run = 0; run < runs; run++) all.push(await oneRun())
rmSync(folder, { recursive: true, force: true })
const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const times = all.map(({ milliseconds }) => milliseconds)
const sizes = all.map(({ megabytes }) => megabytes)
const [load = 0] = loadavg()
process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, load ${load.toFixed(1)}, ${runs} runs\n`)
process.stdout.write(
  `start to listening p50 ${middle(times).toFixed(0)} ms, fastest ${Math.min(...times).toFixed(0)}, slowest ${Math.max(...times).toFixed(0)}; resident when idle p50 ${middle(sizes).toFixed(0)} MB, most ${Math.max(...sizes).toFixed(0)}\n`,
)
