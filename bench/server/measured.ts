/** A server that is measured: a process of its own (`target.ts`), on a core of its own where the machine lets us choose. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import path from 'node:path'
import { aRawClient } from './raw-client.ts'

export interface Measured {
  readonly child: ChildProcess
  readonly url: string
  /** What every request carries: the token, and the session where there is one. */
  readonly headers: Readonly<Record<string, string>>
  /** CPU time so far, in microseconds, and resident memory in bytes. */
  used(): Promise<{ cpu: number; rss: number }>
}

/** Starts one and opens a session. `core` is what it may run on; undefined leaves that to the system. */
export async function measured(name: string, core: number | undefined, ...more: string[]): Promise<Measured> {
  const child = fork(path.join(import.meta.dirname, 'target.ts'), [name, ...more])
  const [{ url, token }] = (await once(child, 'message')) as [{ url: string; token: string }]
  if (core !== undefined) pin(child.pid!, core)
  const auth = { authorization: `Bearer ${token}` }
  const protocolVersion = name === 'lite' ? '2025-06-18' : '2025-11-25'
  const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'bench', version: '1' } }
  const client = await aRawClient(url)
  const { session } = await client.post(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }), auth)
  client.close()
  return {
    child,
    url,
    headers: { ...auth, 'mcp-protocol-version': protocolVersion, ...(session === undefined ? {} : { 'mcp-session-id': session }) },
    used: async () => {
      const answered = once(child, 'message')
      child.send('cpu')
      const [{ cpu, rss }] = (await answered) as [{ cpu: NodeJS.CpuUsage; rss: number }]
      return { cpu: cpu.user + cpu.system, rss }
    },
  }
}

/** Lets a process run on one core alone, with all its threads. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['-a', '-p', '-c', String(core), String(pid)], { stdio: 'ignore' })
}

/** Which machine this is and how busy: the first line of every report. */
export const machine = (): string => {
  const [load = 0] = loadavg()
  return `${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, load ${load.toFixed(1)}, ${new Date().toISOString()}`
}
