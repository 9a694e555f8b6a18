// Clients that open streams at the service and keep them, give them back, forget them or do not read them. Settings come from the
// environment; a line of figures every 2 s.
import { request } from 'node:http'

const { ENDPOINT, TOKEN, HOW = 'keep' } = process.env
const number = (name, fallback) => Number(process.env[name] ?? fallback)
const [watchers, every, holdFrom, holdTo] = [
  number('WATCHERS', 10),
  number('EVERY_MS', 0),
  number('HOLD_FROM_MS', 0),
  number('HOLD_TO_MS', 0),
]
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const counts = { opened: 0, open: 0, refused: 0, cut: 0 }
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** A session of its own, as every client has one. */
async function session() {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'watcher', version: '1.0.0' } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  const answer = await fetch(ENDPOINT, { method: 'POST', headers, body })
  await answer.text()
  if (!answer.ok) throw new Error(`initialize: ${answer.status}`)
  return answer.headers.get('mcp-session-id')
}

/** Asks for one task that never changes: nothing is said on this stream unless the server has something to say of its own. */
const quiet = {
  jsonrpc: '2.0',
  id: 1,
  method: 'subscriptions/listen',
  params: {
    notifications: { resourceSubscriptions: ['task://00000000-0000-7000-8000-000000000000'] },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'watcher', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
}

/** Opens a stream on a connection of its own. Gives the answer when it has begun; `reads` says whether anybody reads it. */
function open(sessionId, reads) {
  return new Promise((resolve, reject) => {
    const more =
      sessionId === undefined
        ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }
        : { 'mcp-session-id': sessionId }
    const asked = request(
      ENDPOINT,
      { method: sessionId === undefined ? 'POST' : 'GET', agent: false, headers: { ...headers, ...more } },
      resolve,
    )
    asked.on('error', reject)
    asked.end(sessionId === undefined ? JSON.stringify(quiet) : undefined)
    if (!reads) asked.on('response', (answer) => answer.pause())
  })
}

async function watch() {
  const answer = await open(HOW === 'quiet' ? undefined : await session(), HOW !== 'deaf')
  if (answer.statusCode !== 200) {
    answer.resume()
    counts.refused++
    await sleep(1000 * Number(answer.headers['retry-after'] ?? 5))
    return
  }
  counts.opened++
  counts.open++
  const ended = new Promise((resolve) => answer.once('close', () => resolve(true)))
  if (HOW !== 'deaf') answer.resume()
  const cut = ended.then(() => {
    counts.open--
    return true
  })
  answer.on('error', () => {})
  if (HOW === 'forget') return
  const enough = holdTo > 0 ? sleep(holdFrom + Math.random() * (holdTo - holdFrom)).then(() => false) : new Promise(() => {})
  if (await Promise.race([cut, enough])) counts.cut++
  answer.destroy()
}

setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 2000)
process.on('SIGTERM', () => process.exit(0))
const tried = () =>
  watch().catch(async (error) => {
    counts.refused++
    if (process.env.SAY) process.stdout.write(`${error.message}\n`)
    await sleep(1000)
  })
if (HOW === 'forget')
  for (;;) {
    await tried()
    await sleep(every)
  }
await Promise.all(
  Array.from({ length: watchers }, async (_, i) => {
    await sleep(i * every)
    for (;;) await tried()
  }),
)
