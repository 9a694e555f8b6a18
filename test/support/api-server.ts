/** A cluster in memory behind a real HTTP port, for tests of the real process: kubeconfig in, JSON out. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { AbsentError, DeniedError, MovedError, RefusedError, UnreachableError } from '../../src/errors.ts'
import { type ResourceName, resources } from '../../src/facts/kubernetes/resources.ts'
import type { FakeCluster } from './fake-cluster.ts'
import { reconcile } from './fake-controllers.ts'

/** What goes wrong with a request: an answer with this status, a cut before it takes effect, after it or in the middle of the answer, an answer that is late, or none at all. */
export type Trouble = number | 'cut' | 'cut-after' | 'half' | { lateMs: number } | 'freeze' | undefined

export interface ApiServer {
  url: string
  /** Text of a kubeconfig that leads here. */
  kubeconfig: string
  /** Requests that were answered, as `PATCH /apis/...`. */
  heard: string[]
  close(): Promise<void>
}

interface Place {
  resource: ResourceName
  namespace: string | undefined
  name: string | undefined
  rest: string[]
}

const never = new AbortController().signal

/** Serve the cluster; unless its clock is moved by the test (`still`), its controllers take a step every 20 ms of real time. */
export async function serveCluster(
  cluster: FakeCluster,
  trouble: (method: string, path: string, dryRun: boolean) => Trouble = () => undefined,
  still = false,
): Promise<ApiServer> {
  const heard: string[] = []
  const step = setInterval(() => {
    if (still) return
    cluster.now = Date.now()
    reconcile(cluster)
  }, 20)
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const url = new URL(request.url ?? '/', 'http://api')
      const dryRun = url.searchParams.get('dryRun') === 'All'
      const wrong = trouble(request.method ?? '', url.pathname, dryRun)
      if (wrong === 'freeze') return
      if (wrong === 'cut') return request.socket.destroy()
      if (typeof wrong === 'number') return say(response, wrong, status(wrong, 'Trouble', 'made by the test'))
      const [code, body, type] = await answer(cluster, request.method ?? '', url, Buffer.concat(chunks).toString()).catch(failed)
      heard.push(`${request.method} ${url.pathname}${dryRun ? ' (dry run)' : ''}`)
      if (wrong === 'cut-after') return request.socket.destroy()
      if (wrong === 'half') return sayHalf(response, code, body)
      if (typeof wrong === 'object') await new Promise((later) => setTimeout(later, wrong.lateMs))
      say(response, code, body, type)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'jo' } }],
    clusters: [{ name: 'lab', cluster: { server: url } }],
    users: [{ name: 'jo', user: { token: 'not-a-secret' } }],
  })
  return {
    url,
    kubeconfig,
    heard,
    close: () => {
      clearInterval(step)
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

type Said = [number, unknown, string?]

const status = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
})

function failed(error: unknown): Said {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof AbsentError) return [404, status(404, 'NotFound', message)]
  if (error instanceof MovedError) return [422, status(422, 'Invalid', `the server rejected our request: ${message}`)]
  if (error instanceof DeniedError || error instanceof RefusedError) return [403, status(403, 'Forbidden', message)]
  if (error instanceof UnreachableError) return [503, status(503, 'ServiceUnavailable', message)]
  return [500, status(500, 'InternalError', message)]
}

async function answer(cluster: FakeCluster, method: string, url: URL, body: string): Promise<Said> {
  if (url.pathname === '/version') return [200, { gitVersion: 'v1.34.0' }]
  if (url.pathname.endsWith('/selfsubjectaccessreviews')) return [201, { status: { allowed: true } }]
  const place = placeOf(url.pathname)
  if (place === undefined) return [404, status(404, 'NotFound', `nothing at ${url.pathname}`)]
  const { resource, namespace, name, rest } = place
  const { kind } = resources[resource]
  const options = { dryRun: url.searchParams.get('dryRun') === 'All', fieldManager: url.searchParams.get('fieldManager') ?? '' }
  const ref = { resource, namespace, name: name ?? '' }
  if (rest[0] === 'log') {
    const previous = url.searchParams.get('previous') === 'true'
    return [
      200,
      await cluster.logs(
        { namespace: namespace ?? '', pod: ref.name, container: url.searchParams.get('container') ?? '', previous },
        never,
      ),
      'text/plain',
    ]
  }
  if (rest[0] === 'proxy') {
    const [target = '', port = '80'] = ref.name.split(':')
    const asked = {
      namespace: namespace ?? '',
      kind: resource as 'pods' | 'services',
      name: target,
      port,
      path: `/${rest.slice(1).join('/')}`,
    }
    const said = await cluster.proxy(asked, never)
    return [said.status, said.body, said.contentType]
  }
  if (method === 'GET' && name === undefined) {
    const query = { namespace, ...selectors(url.searchParams) }
    const { items } = await cluster.list(resource, query, never)
    return [200, { kind: `${kind}List`, metadata: { resourceVersion: '1' }, items }]
  }
  if (method === 'GET') return [200, await cluster.get(resource, ref, never)]
  if (method === 'PATCH') return [200, await cluster.patch(ref, 'json', JSON.parse(body), options, never)]
  if (method === 'POST') return [201, await cluster.create(resource, namespace, JSON.parse(body), options, never)]
  if (method === 'DELETE') {
    await cluster.remove(ref, options, never)
    return [200, { kind: 'Status', status: 'Success' }]
  }
  return [405, status(405, 'MethodNotAllowed', method)]
}

function selectors(query: URLSearchParams): { labelSelector?: string; fieldSelector?: string } {
  const [labelSelector, fieldSelector] = [query.get('labelSelector'), query.get('fieldSelector')]
  return { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) }
}

function placeOf(pathname: string): Place | undefined {
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const core = parts[0] === 'api'
  const group = core ? '' : parts[1]
  const below = parts.slice(core ? 2 : 3)
  const namespaced = below[0] === 'namespaces' && below.length > 2
  const [plural, name, ...rest] = namespaced ? below.slice(2) : below
  const found = (Object.keys(resources) as ResourceName[]).find((one) => resources[one].plural === plural && resources[one].group === group)
  return found === undefined ? undefined : { resource: found, namespace: namespaced ? below[1] : undefined, name, rest }
}

function sayHalf(response: http.ServerResponse, code: number, body: unknown): void {
  const whole = JSON.stringify(body)
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(whole) })
  response.write(whole.slice(0, whole.length >> 1), () => response.socket?.destroy())
}

function say(response: http.ServerResponse, code: number, body: unknown, type = 'application/json'): void {
  response.writeHead(code, { 'content-type': type })
  response.end(type === 'application/json' ? JSON.stringify(body) : String(body))
}
