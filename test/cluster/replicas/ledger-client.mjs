// Clients that keep a ledger: writers with the official SDK, each write under a key until it is acknowledged, and streams that
// resume with the id of the last event they got. GET / gives the ledger, GET /stop ends the writing too.
import { createServer } from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const url = new URL(process.env.ENDPOINT)
const authorization = `Bearer ${process.env.TOKEN}`
const revision = '2025-11-25'
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const ledger = { requests: 0, acknowledged: {}, failures: [], longestWaitMs: 0, streams: [] }
let writing = true

/** Every request that a writer sends, also those that its library sends by itself. */
async function counted(input, init = {}) {
  const what = init.method === 'POST' ? (/"method":"([^"]+)"/.exec(String(init.body ?? ''))?.[1] ?? 'POST') : init.method
  if (init.method !== 'POST') return fetch(input, init)
  ledger.requests++
  try {
    const answer = await fetch(input, init)
    if (answer.status >= 400) ledger.failures.push({ at: Date.now(), what, how: String(answer.status) })
    return answer
  } catch (error) {
    ledger.failures.push({ at: Date.now(), what, how: String(error.cause?.code ?? error.cause?.message ?? error.message) })
    throw error
  }
}

async function connected() {
  const client = new Client({ name: 'ledger', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(url, { fetch: counted, requestInit: { headers: { authorization } } })
  await client.connect(transport, { timeout: 5000 })
  return client
}

async function write(writer) {
  let client
  for (let number = 0; writing; number++) {
    const key = `${process.env.ROUND}-${writer}-${number}`
    const since = Date.now()
    // As the server asks for: after a failure the same call again under the same key.
    for (;;) {
      try {
        client ??= await connected()
        const call = { name: 'create_task', arguments: { title: key, idempotencyKey: key } }
        const { structuredContent, isError } = await client.callTool(call, undefined, { timeout: 5000 })
        if (isError || structuredContent?.task?.id === undefined) throw new Error('no task in the answer')
        ledger.acknowledged[key] = structuredContent.task.id
        break
      } catch (error) {
        if (/timed out/.test(error.message)) ledger.failures.push({ at: Date.now(), what: 'tools/call', how: 'timeout' })
        await client?.close().catch(() => {})
        client = undefined
        await sleep(200)
      }
    }
    ledger.longestWaitMs = Math.max(ledger.longestWaitMs, Date.now() - since)
    await sleep(Number(process.env.PAUSE_MS))
  }
  await client?.close().catch(() => {})
}

async function session() {
  const params = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'ledger', version: '1.0.0' } }
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  })
  await answer.text()
  return answer.headers.get('mcp-session-id')
}

/** `opened` is called when the stream is open for the first time: what is written before is no gap. */
async function listen(opened) {
  const stream = { heard: [], twice: 0, resumed: 0, refused: 0, last: undefined, longestGapMs: 0 }
  ledger.streams.push(stream)
  const known = new Set()
  const headers = { authorization, accept: 'text/event-stream', 'mcp-session-id': await session(), 'mcp-protocol-version': revision }
  for (let cutAt; ; cutAt ??= Date.now()) {
    try {
      const answer = await fetch(url, { headers: stream.last === undefined ? headers : { ...headers, 'last-event-id': stream.last } })
      if (answer.status !== 200) {
        stream.refused++
        await answer.body?.cancel()
        throw new Error(String(answer.status))
      }
      opened()
      if (cutAt !== undefined) {
        stream.resumed++
        stream.longestGapMs = Math.max(stream.longestGapMs, Date.now() - cutAt)
        cutAt = undefined
      }
      let text = ''
      for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const events = text.split('\n\n')
        text = events.pop()
        for (const event of events) {
          const id = /^id: (\S+)$/m.exec(event)?.[1]
          if (id === undefined) continue
          stream.last = id
          const sequence = Number.parseInt(id, 10)
          if (known.has(sequence)) stream.twice++
          else stream.heard.push(sequence)
          known.add(sequence)
        }
      }
    } catch {
      // Cut or refused: again, from the last event.
    }
    cutAt ??= Date.now()
    await sleep(500)
  }
}

createServer((request, response) => {
  if (request.url === '/stop') writing = false
  response.end(JSON.stringify(ledger))
}).listen(8099)
await Promise.all(Array.from({ length: Number(process.env.STREAMS) }, () => new Promise((opened) => void listen(opened))))
for (let writer = 0; writer < Number(process.env.WRITERS); writer++) void write(writer)
process.on('SIGTERM', () => process.exit(0))
