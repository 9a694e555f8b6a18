import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { aFolder, initialize, post } from './a-server.ts'

/** A server in a process that may open so many files. */
async function aTightProcess(files: number): Promise<string> {
  const program = path.join(import.meta.dirname, 'serve-process.ts')
  const settings = JSON.stringify({
    port: 0,
    'database-path': path.join(aFolder(), 'tasks.db'),
    'rate-limit': 0,
    'health-interval': '100ms',
  })
  const child = spawn('sh', ['-c', `ulimit -n ${files} && exec "$@"`, 'sh', process.execPath, program, settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = await once(createInterface(child.stdout), 'line')
  return url
}

test.skipIf(process.platform !== 'linux')(
  'without file descriptors to spare: a clear 503, readiness turns, and it ends with the crowd',
  { timeout: 30_000 },
  async () => {
    const url = await aTightProcess(80)
    const readiness = async () => {
      const response = await fetch(new URL('/health/ready', url), { headers: { connection: 'close' } })
      return { http: response.status, ...((await response.json()) as object) }
    }
    const { headers } = await post(url, initialize())
    const session = headers.get('mcp-session-id')!
    const call = (name: string, input: object) =>
      post(
        url,
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } },
        { 'mcp-session-id': session, connection: 'close' },
      )
    const { id } = (await call('create_task', { title: 'kept' })).body.result.structuredContent.task

    const crowd: Socket[] = []
    onTestFinished(() => {
      for (const socket of crowd) socket.destroy()
    })
    const { port, hostname } = new URL(url)
    // Requests that never end their body: connections that are in use, and not idle.
    for (let number = 0; number < 21; number++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.write(`POST /mcp HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`)
      crowd.push(socket)
    }
    await expect.poll(readiness).toMatchObject({
      http: 503,
      status: 'not_ready',
      checks: {
        store: { status: 'ok' },
        connections: { status: 'failed', reason: expect.stringContaining('all 20 connections are in use') },
      },
    })
    const refused = await call('list_tasks', {})
    expect(refused).toMatchObject({ status: 503, body: { error: { message: expect.stringContaining('20 connections open') } } })
    expect(refused.headers.get('retry-after')).toBe('1')
    for (const socket of crowd) socket.destroy()
    await expect.poll(readiness).toMatchObject({ http: 200, status: 'ready' })
    expect((await call('get_task', { id })).body.result.structuredContent.task.title).toBe('kept')
  },
)

test.skipIf(process.platform !== 'linux')(
  'connections that are only kept open make room for those that are used',
  { timeout: 30_000 },
  async () => {
    const url = await aTightProcess(80)
    const { port, hostname } = new URL(url)
    const idle: Socket[] = []
    onTestFinished(() => {
      for (const socket of idle) socket.destroy()
    })
    for (let number = 0; number < 60; number++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      idle.push(socket)
      await once(socket, 'connect')
    }
    for (let number = 0; number < 5; number++) expect((await post(url, initialize(), { connection: 'close' })).status).toBe(200)
    await expect.poll(() => idle.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length).toBeGreaterThan(35)
  },
)
