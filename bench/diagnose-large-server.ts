/** A real HTTP server that answers about a crowded namespace as an API server does: lists in pages, bounded logs, the pods by proxy. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeObject } from '../src/facts/kubernetes/object.ts'
import { type ResourceName, resources } from '../src/facts/kubernetes/resources.ts'

export interface Crowd {
  url: string
  /** What was sent, by kind of request; whoever reads it clears it between runs. */
  sent: Map<string, { requests: number; bytes: number }>
  close(): void
}

interface Item {
  object: KubeObject
  text: string
  metadata: string
}

const logLine = (pod: string, index: number, at: number): string =>
  `${new Date(at).toISOString()} ${JSON.stringify({ level: index % 50 === 0 ? 'error' : 'info', message: 'request finished', pod, route: '/orders', status: 200, requestId: index.toString(16).padStart(16, '0') })}`

/** The end of a log of `bytes`, by the rules of a kubelet: the last `tailLines`, of which the first `limitBytes`. */
function log(pod: string, bytes: number, query: URLSearchParams): string {
  const now = Date.now()
  const total = Math.floor(bytes / (logLine(pod, 1, now).length + 1))
  const tail = Math.min(total, Number(query.get('tailLines') ?? total))
  const text = `${Array.from({ length: tail }, (_, i) => logLine(pod, total - tail + i, now - (tail - i) * 100)).join('\n')}\n`
  return text.slice(0, Number(query.get('limitBytes') ?? text.length))
}

/** A page of metrics as long as a busy service has: `http_server_requests_total` over 40 routes, histograms, the process. */
function metricsPage(): string {
  const count = Math.floor(Date.now() / 100)
  const lines = Array.from({ length: 40 }, (_, route) => {
    const labels = `route="/orders/${route}",status_code="200"`
    const buckets = ['0.005', '0.01', '0.05', '0.1', '0.5', '1', '+Inf'].map(
      (le) => `http_server_request_duration_seconds_bucket{${labels},le="${le}"} ${count}`,
    )
    return [`http_server_requests_total{${labels}} ${count}`, ...buckets, `http_server_request_duration_seconds_count{${labels}} ${count}`]
  })
  return `# TYPE http_server_requests_total counter\n${lines.flat().join('\n')}\n`
}

const selected = (selector: string | null, labels: Record<string, string> | undefined): boolean =>
  !selector || selector.split(',').every((term) => labels?.[term.split('=')[0]!] === term.split('=').at(-1))

function page(items: readonly Item[], query: URLSearchParams, metadataOnly: boolean): string {
  const chosen = items.filter(({ object }) => selected(query.get('labelSelector'), object.metadata.labels))
  const from = Number(query.get('continue') ?? 0)
  const to = from + Number(query.get('limit') ?? chosen.length)
  const metadata = { resourceVersion: '1000', ...(to < chosen.length && { continue: `${to}`, remainingItemCount: chosen.length - to }) }
  const texts = chosen.slice(from, to).map((item) => (metadataOnly ? item.metadata : item.text))
  const kind = metadataOnly ? 'PartialObjectMetadataList' : 'List'
  return `{"kind":"${kind}","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[${texts.join(',')}]}`
}

/** Starts it on a free port of this machine. `logBytes` is how long the log of each container is; `namespace` the one that all objects are in. */
export async function serveCrowd(
  objects: Partial<Record<ResourceName, KubeObject[]>>,
  namespace: string,
  logBytes: number,
): Promise<Crowd> {
  const items = new Map(
    Object.entries(objects).map(([name, list]) => [
      name,
      list.map((object): Item => {
        const metadata = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
        return { object, text: JSON.stringify(object), metadata: JSON.stringify(metadata) }
      }),
    ]),
  )
  const byPath = new Map(
    Object.entries(resources).map(([name, place]) => [
      `${place.group ? `/apis/${place.group}` : '/api'}/${place.version}/${place.plural}`,
      name,
    ]),
  )
  const sent: Crowd['sent'] = new Map()
  const answer = (request: http.IncomingMessage, url: URL): { what: string; text: string; status?: number; type?: string } => {
    const [, asked, rest] = /^(?:\/apis?\/.*?\/namespaces\/([^/]+)\/)(.*)$/.exec(url.pathname) ?? []
    const path = asked === undefined ? url.pathname : url.pathname.replace(`/namespaces/${asked}`, '')
    const name = byPath.get(path)
    if (name !== undefined) {
      const here = asked === undefined || asked === namespace ? (items.get(name) ?? []) : []
      return { what: name, text: page(here, url.searchParams, /PartialObjectMetadataList/.test(request.headers.accept ?? '')) }
    }
    const [, pod] = /^pods\/([^/]+)\/log$/.exec(rest ?? '') ?? []
    if (pod !== undefined) return { what: 'logs', text: log(pod, logBytes, url.searchParams), type: 'text/plain' }
    if (/\/proxy\/metrics$/.test(path)) return { what: 'metrics by proxy', text: metricsPage(), type: 'text/plain' }
    if (/\/proxy\/health\//.test(path)) return { what: 'health by proxy', text: '{"status":"ok"}' }
    return { what: 'not found', text: '{"kind":"Status","status":"Failure","reason":"NotFound","code":404}', status: 404 }
  }
  const server = http.createServer((request, response) => {
    const { what, text, status, type } = answer(request, new URL(request.url ?? '/', 'http://crowd'))
    const so = sent.get(what) ?? { requests: 0, bytes: 0 }
    sent.set(what, { requests: so.requests + 1, bytes: so.bytes + Buffer.byteLength(text) })
    response.writeHead(status ?? 200, { 'content-type': type ?? 'application/json', 'content-length': Buffer.byteLength(text) })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
