/**
 * One server to be measured, in a process of its own: `raw`, `ours`, `lite` (mcp-lite behind the shortest bridge to node:http), or the
 * SDK's server, straight on node:http with sessions (`stock`) or without (`stateless`), or in the Express app that the SDK makes for its
 * examples, without (`express`). Sends its URL, then its CPU time and memory when asked.
 */
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { McpServer as LiteServer, StreamableHttpTransport as LiteTransport } from 'mcp-lite'
import { z } from 'zod'
import { startServer } from '../../src/server/server.ts'
import { resolveSettings } from '../../src/server/settings.ts'
import { createBatch } from '../../src/server/telemetry/batch.ts'
import { keepYoungHeapSmall } from '../../src/server/young-heap.ts'

const token = 'bench-token-0123456789'

/** The SDK's server with one tool. */
function stockServer(): McpServer {
  const mcp = new McpServer({ name: 'stock', version: '1' })
  mcp.registerTool('echo', { description: 'echo', inputSchema: { text: z.string() } }, async ({ text }) => ({
    content: [{ type: 'text', text }],
  }))
  return mcp
}

/** Keeps idle connections for as long as ours does. Gives the URL. */
async function listening(server: Server): Promise<string> {
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

const starts: Readonly<Record<string, () => Promise<string>>> = {
  raw: async () => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { id, params } = JSON.parse(Buffer.concat(chunks).toString())
        const text = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: params?.arguments?.text }] } })
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
        response.end(text)
      })
    })
    return listening(server)
  },
  ours: async () => {
    keepYoungHeapSmall()
    const folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-bench-'))
    process.once('SIGTERM', () => process.exit())
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const file = openSync('/dev/null', 'w')
    const logs = createBatch((text) => writeSync(file, text))
    const limits = {
      'rate-limit': 1_000_000,
      'rate-burst': 1_000_000,
      'address-rate-limit': 1_000_000,
      'initialize-limit': 0,
      'max-streams-per-principal': 20_000,
      'max-streams': 20_000,
      'stream-heartbeat': '5s',
      ...JSON.parse(process.argv[3] ?? '{}'),
    }
    const { url } = await startServer(
      resolveSettings({ port: 0, 'database-path': path.join(folder, 'tasks.db'), tokens: `bench=${token}`, ...limits }),
      {
        log: logs.add,
        clock: { now: () => Date.now() },
        signal: new AbortController().signal,
        version: 'bench',
        also: {
          tools: [
            {
              name: 'echo',
              title: 'echo',
              description: 'echo',
              inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
              scope: 'tasks:read',
              call: async ({ text }: { text: string }) => ({ content: [{ type: 'text', text }] }),
            },
          ],
          resources: [],
          prompts: [],
        },
      },
    )
    return url
  },
  stock: async () => {
    const transports = new Map<string, StreamableHTTPServerTransport>()
    const server = createServer((request, response) => {
      void (async () => {
        const known = transports.get(String(request.headers['mcp-session-id']))
        if (known !== undefined) return known.handleRequest(request, response)
        const mcp = stockServer()
        const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
          sessionIdGenerator: () => crypto.randomUUID(),
          onsessioninitialized: (id) => void transports.set(id, transport),
        })
        await mcp.connect(transport as never)
        await transport.handleRequest(request, response)
      })()
    })
    return listening(server)
  },
  stateless: async () => {
    const server = createServer((request, response) => {
      void (async () => {
        const mcp = stockServer()
        const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
        response.on('close', () => {
          void transport.close()
          void mcp.close()
        })
        await mcp.connect(transport as never)
        await transport.handleRequest(request, response)
      })()
    })
    return listening(server)
  },
  express: async () => {
    const app = createMcpExpressApp()
    app.post('/mcp', async (request: IncomingMessage & { body: unknown }, response: ServerResponse) => {
      const mcp = stockServer()
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
      await mcp.connect(transport as never)
      await transport.handleRequest(request, response, request.body)
      response.on('close', () => {
        void transport.close()
        void mcp.close()
      })
    })
    const server = createServer(app)
    return listening(server)
  },
  lite: async () => {
    const mcp = new LiteServer({ name: 'lite', version: '1' })
    mcp.tool('echo', {
      description: 'echo',
      inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      handler: ({ text }: { text: string }) => ({ content: [{ type: 'text', text }] }),
    })
    const handle = new LiteTransport().bind(mcp)
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const answer = await handle(
          new Request(`http://127.0.0.1${request.url}`, {
            method: 'POST',
            headers: request.headers as Record<string, string>,
            body: Buffer.concat(chunks),
          }),
        )
        const text = await answer.text()
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        response.end(text)
      })
    })
    return listening(server)
  },
}

const url = await starts[process.argv[2] ?? '']!()
process.on('message', (what) => {
  if (what === 'gc') globalThis.gc?.()
  process.send?.({ cpu: process.cpuUsage(), ...process.memoryUsage() })
})
process.send?.({ url, token })
