/** Helps tests run a real server in this process: on a free port, with a SQLite file of its own, logs kept in memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { onTestFinished } from 'vitest'
import type { Offer } from '../../src/server/mcp/definition.ts'
import { type RunningServer, type ServerIo, startServer } from '../../src/server/server.ts'
import { type RawSettings, resolveSettings } from '../../src/server/settings.ts'

export interface TestServer extends RunningServer {
  readonly lines: Array<Record<string, unknown>>
  /** One POST to /mcp. */
  post(body: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Value of one series of /metrics, by its whole name with labels. */
  metric(series: string): Promise<number | undefined>
  readonly databasePath: string
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every shape
  readonly body: any
}

/** A folder that is gone after the test. */
export function aFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function aServer(raw: RawSettings = {}, also?: Offer, more: Partial<ServerIo> = {}): Promise<TestServer> {
  const databasePath = path.join(aFolder(), 'tasks.db')
  const lines: Array<Record<string, unknown>> = []
  const stop = new AbortController()
  const settings = resolveSettings({ port: 0, 'database-path': databasePath, 'log-level': 'debug', ...raw })
  const server = await startServer(settings, {
    log: (line) => lines.push(JSON.parse(line)),
    clock: { now: () => Date.now() },
    signal: stop.signal,
    version: '1.2.3',
    ...(also === undefined ? {} : { also }),
    ...more,
  })
  onTestFinished(() => server.close())
  return {
    ...server,
    lines,
    databasePath: settings.databasePath,
    post: (body, headers) => post(server.url, body, headers),
    metric: async (series) => {
      const text = await (await fetch(`${server.adminUrl}/metrics`)).text()
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
      return line === undefined ? undefined : Number(line.slice(series.length + 1))
    },
  }
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  }
}

export const initialize = (protocolVersion = '2025-11-25') => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'a test', version: '1' } },
})

/** Opens a session by hand, and gives a function that calls a method in it. */
export async function aSession(server: TestServer, headers: Record<string, string> = {}) {
  const opened = await server.post(initialize(), headers)
  const id = opened.headers.get('mcp-session-id') ?? ''
  let next = 1
  return {
    id,
    opened,
    call: (method: string, params: object = {}) =>
      server.post({ jsonrpc: '2.0', id: ++next, method, params }, { ...headers, 'mcp-session-id': id }),
    tool: async (name: string, input: object = {}) => {
      const { body, status } = await server.post(
        { jsonrpc: '2.0', id: ++next, method: 'tools/call', params: { name, arguments: input } },
        { ...headers, 'mcp-session-id': id },
      )
      return {
        status,
        error: body.error,
        isError: body.result?.isError === true,
        text: body.result?.content?.[0]?.text as string,
        data: body.result?.structuredContent,
      }
    },
  }
}

/** A client of the official SDK, connected. */
export async function aClient(server: RunningServer, headers: Record<string, string> = {}): Promise<Client> {
  const client = new Client({ name: 'a test', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } }))
  onTestFinished(() => client.close())
  return client
}
