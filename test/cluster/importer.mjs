// A client that makes a hundred tasks and takes them away again, all the time: every open stream is told of each.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const headers = { authorization: `Bearer ${process.env.TOKEN}` }
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const counts = { made: 0, lost: 0 }
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 2000)
process.on('SIGTERM', () => process.exit(0))
for (;;) {
  const client = new Client({ name: 'importer', version: '1.0.0' })
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(process.env.ENDPOINT), { requestInit: { headers } }))
    for (;;) {
      const tasks = Array.from({ length: 100 }, (_, i) => ({ title: `Delivery ${i}` }))
      const made = await client.callTool({ name: 'create_tasks', arguments: { tasks } })
      const ids = (made.structuredContent?.results ?? []).flatMap((result) => (result.task ? [{ id: result.task.id }] : []))
      counts.made += ids.length
      if (ids.length > 0) await client.callTool({ name: 'delete_tasks', arguments: { tasks: ids } })
      await sleep(100)
    }
  } catch {
    counts.lost++
    await sleep(1000)
  }
}
