/** An API server that takes its time: a proxy on this machine before the real one, which waits before every question. */
import { createServer, type Server } from 'node:http'
import { Agent, request } from 'node:https'
import { type Any, kubectl, sleep } from './kubectl.ts'

/**
 * @param seconds each question waits between a half and three halves of it
 * @returns a kubeconfig that leads to it, as an object, and how to end it
 */
export async function slowApi(seconds: number): Promise<{ config: Any; end: () => Promise<void> }> {
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']))
  const { cluster } = config.clusters[0]
  const { user } = config.users[0]
  const decoded = (text: string | undefined): Buffer | undefined => (text === undefined ? undefined : Buffer.from(text, 'base64'))
  const upstream = new URL(cluster.server)
  const agent = new Agent({
    keepAlive: true,
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  })
  const server: Server = createServer(async (asked, answer) => {
    await sleep(seconds * (0.5 + Math.random()))
    const headers = { ...asked.headers, host: upstream.host, ...(user.token && { authorization: `Bearer ${user.token}` }) }
    const on = request(
      { agent, hostname: upstream.hostname, port: upstream.port, path: asked.url, method: asked.method, headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers)
        got.pipe(answer)
      },
    )
    on.on('error', () => answer.destroy())
    asked.pipe(on)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  config.clusters[0].cluster = { server: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }
  config.users[0].user = {}
  return {
    config,
    end: async () => {
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
