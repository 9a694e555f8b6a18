/** A proxy before the real API server: it counts what was changed, and cuts, refuses or holds requests as a test wants it. */
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { stringify } from 'yaml'
import { kubectl } from '../../cluster/kubectl.ts'
import type { Trouble } from '../../support/api-server.ts'

/** A request that changes an object of a person's: no dry run, no event, no question to another server or about rights. */
export interface Change {
  method: string
  path: string
  /** Of the API server; undefined while it is on its way. */
  status: number | undefined
}

export interface Between {
  /** Text of a kubeconfig that leads here. */
  kubeconfig: string
  /** Changes that the API server was asked for, oldest first. */
  changes: Change[]
  /** What becomes of a request; asked before it is passed on, and waited for. */
  trouble: (asked: { method: string; path: string; change: boolean }) => Trouble | Promise<Trouble>
  close(): Promise<void>
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
  users: { user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string } }[]
}

/** Opens it before the cluster of KUBECONFIG. */
export async function openBetween(): Promise<Between> {
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json'])) as Kubeconfig
  const [{ cluster }, { user }] = [config.clusters[0]!, config.users[0]!]
  const decoded = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, 'base64'))
  const agent = new https.Agent({
    keepAlive: true,
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  })
  const authorization = user.token === undefined ? {} : { authorization: `Bearer ${user.token}` }

  const pass = (asked: http.IncomingMessage, body: Buffer): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { ...asked.headers, ...authorization, host: new URL(cluster.server).host }
      const onward = https.request(new URL(asked.url ?? '/', cluster.server), { method: asked.method, headers, agent }, resolve)
      onward.on('error', reject)
      onward.end(body)
    })

  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { method = '', url = '/' } = request
      const path = url.split('?')[0]!
      const change = method !== 'GET' && !url.includes('dryRun=All') && !/\/(events|selfsubject\w+)$|\/proxy\//.test(path)
      const wrong = await between.trouble({ method, path, change })
      if (wrong === 'freeze') return
      if (wrong === 'cut') return request.socket.destroy()
      if (typeof wrong === 'number') {
        response.writeHead(wrong, { 'content-type': 'application/json', ...(wrong === 429 ? { 'retry-after': '1' } : {}) })
        return response.end(
          JSON.stringify({
            kind: 'Status',
            apiVersion: 'v1',
            status: 'Failure',
            code: wrong,
            reason: 'Trouble',
            message: 'made by the test',
          }),
        )
      }
      const counted: Change = { method, path, status: undefined }
      if (change) between.changes.push(counted)
      try {
        const answer = await pass(request, Buffer.concat(chunks))
        counted.status = answer.statusCode
        if (wrong === 'cut-after') {
          answer.resume()
          return request.socket.destroy()
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      } catch {
        request.socket.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const between: Between = {
    kubeconfig: stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'between',
      contexts: [{ name: 'between', context: { cluster: 'between', user: 'between' } }],
      clusters: [{ name: 'between', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
      users: [{ name: 'between', user: { token: 'none' } }],
    }),
    changes: [],
    trouble: () => undefined,
    close: () => {
      agent.destroy()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return between
}
