// A client that asks again at once, and begins all over when an answer does not come: gentle until something fails.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const url = new URL(process.env.ENDPOINT)
const pause = Number(process.env.PAUSE_MS)
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const requestInit = { headers: { authorization: `Bearer ${process.env.TOKEN}` } }

async function connected() {
  for (;;) {
    const client = new Client({ name: 'reconciler', version: '2.1.0' })
    try {
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }), { timeout: 2000 })
      return client
    } catch {
      await client.close().catch(() => {})
      await sleep(100)
    }
  }
}

/** Five answers that belong together, each asked for three times at most. */
async function reconciled(client) {
  for (let part = 0; part < 5; part++) {
    let answered = false
    for (let turn = 0; turn < 3 && !answered; turn++) {
      try {
        const answer = await client.callTool({ name: 'list_tasks', arguments: { limit: 5 } }, undefined, { timeout: 2000 })
        answered = !answer.isError
      } catch (error) {
        if (/session|404/i.test(String(error))) return undefined
      }
      if (!answered) await sleep(60)
    }
    if (!answered) return false
  }
  return true
}

async function work() {
  await sleep(pause * Math.random())
  let client = await connected()
  for (;;) {
    const done = await reconciled(client)
    if (done === undefined) {
      await client.close().catch(() => {})
      client = await connected()
    }
    if (done) await sleep(pause * (0.8 + 0.4 * Math.random()))
  }
}

process.on('SIGTERM', () => process.exit(0))
await Promise.all(Array.from({ length: Number(process.env.WORKERS) }, () => work()))
