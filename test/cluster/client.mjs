// A real MCP client that works on the task list all the time. Settings come from the environment; a line of figures every 5 s.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const url = new URL(process.env.ENDPOINT)
const pause = Number(process.env.PAUSE_MS ?? 200)
const workers = Number(process.env.WORKERS ?? 2)
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const counts = { calls: 0, refused: 0, lost: 0 }

async function call(client, name, args) {
  counts.calls++
  const answer = await client.callTool({ name, arguments: args }, undefined, { timeout: 5000 })
  if (answer.isError) {
    counts.refused++
    return undefined
  }
  return answer.structuredContent?.task ?? answer.structuredContent
}

async function work(worker) {
  for (let round = 0; ; round++) {
    const client = new Client({ name: 'planner', version: '1.0.0' })
    // Every other session opens a connection for each request, as clients without a pool do.
    const headers = { authorization: `Bearer ${process.env.TOKEN}`, ...((round + worker) % 2 ? { connection: 'close' } : {}) }
    const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } })
    try {
      await client.connect(transport, { timeout: 5000 })
      for (let turn = 0; turn < 10; turn++) {
        const task = await call(client, 'create_task', { title: `Order ${worker}-${round}-${turn}` })
        if (task?.id) {
          await call(client, 'get_task', { id: task.id })
          await call(client, 'complete_task', { id: task.id, version: task.version })
          await call(client, 'delete_task', { id: task.id })
        }
        await call(client, 'list_tasks', { limit: 5 })
        await sleep(pause)
      }
      await transport.terminateSession().catch(() => {})
    } catch {
      counts.lost++
      await sleep(500)
    }
    await client.close().catch(() => {})
  }
}

setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 5000)
process.on('SIGTERM', () => process.exit(0))
await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
