/** Asks pods and Services over HTTP what a probe or a caller would ask, through the API server: no shell in the pod is needed. */
import type { Targets } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { UnreachableError } from '../errors.ts'
import type { ServiceSettings } from '../settings.ts'
import type { Cluster, HttpAnswer, ProxyRequest } from '../targets/ports.ts'
import type { Service } from './kubernetes/network.ts'
import type { Container, Pod, Probe } from './kubernetes/pod.ts'
import { part } from './part.ts'
import { redact } from './redact.ts'
import type { ProbeResult } from './snapshot.ts'

const mostSeconds = 2.5
const bodyLimit = 4096

/** The API server answers for a pod that it could not reach; its words are a failure to reach, not the pod's answer. */
function answered(answer: HttpAnswer): { status: number; seconds: number; body: string } {
  if (answer.status >= 500 && /"kind":\s*"Status"/.test(answer.body)) {
    const message = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(answer.body)?.[1] ?? answer.body
    throw new UnreachableError(redact(message.replace(/\\"/g, '"')))
  }
  return { status: answer.status, seconds: answer.seconds, body: redact(answer.body.slice(0, 1000)) }
}

/** The port number that a probe or a Service means by a name or number. */
export const portNumber = (container: Container | undefined, port: number | string | undefined): number | undefined =>
  typeof port === 'number'
    ? port
    : port !== undefined && /^\d+$/.test(port)
      ? Number(port)
      : container?.ports?.find((p) => p.name === port)?.containerPort

interface Question {
  purpose: ProbeResult['purpose']
  port: number
  path: string
  scheme: 'http' | 'https'
}

function kubeletAsks(container: Container | undefined, probe: Probe | undefined, purpose: 'live' | 'ready'): Question[] {
  const port = portNumber(container, probe?.httpGet?.port)
  return probe?.httpGet && port
    ? [{ purpose, port, path: probe.httpGet.path ?? '/', scheme: probe.httpGet.scheme === 'HTTPS' ? 'https' : 'http' }]
    : []
}

/** What is worth asking a pod: what its probes ask, and what the settings say a healthy one answers. No question twice. */
export function questions(container: Container | undefined, service: ServiceSettings): Question[] {
  const list: Question[] = [
    ...kubeletAsks(container, container?.readinessProbe, 'ready'),
    ...kubeletAsks(container, container?.livenessProbe, 'live'),
    { purpose: 'ready', port: service.port, path: service.health.ready, scheme: 'http' },
    { purpose: 'live', port: service.port, path: service.health.live, scheme: 'http' },
  ]
  return list.filter((q, i) => list.findIndex((o) => o.port === q.port && o.path === q.path) === i)
}

async function ask(cluster: Cluster, request: ProxyRequest, signal: AbortSignal): Promise<ProbeResult['result']> {
  const bounded = AbortSignal.any([signal, deadlineIn(mostSeconds)])
  return part(async () => answered(await cluster.proxy({ ...request, limitBytes: bodyLimit }, bounded)), signal)
}

/** Probes some running pods. */
export async function probePods(
  cluster: Cluster,
  pods: readonly Pod[],
  container: (pod: Pod) => Container | undefined,
  service: ServiceSettings,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const asked = pods.flatMap((pod) => questions(container(pod), service).map((q) => ({ pod, q })))
  return Promise.all(
    asked.map(async ({ pod, q }): Promise<ProbeResult> => {
      const { name, namespace = '' } = pod.metadata
      return {
        hop: 'pod',
        name,
        port: q.port,
        path: q.path,
        purpose: q.purpose,
        result: await ask(cluster, { namespace, kind: 'pods', name, port: q.port, path: q.path, scheme: q.scheme }, signal),
      }
    }),
  )
}

/** Asks through the Service, as a caller would, for the readiness path on each of its ports (at most three). */
export async function probeService(
  cluster: Cluster,
  front: Service,
  service: ServiceSettings,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const { name, namespace = '' } = front.metadata
  const ports = (front.spec.ports ?? []).filter((p) => (p.protocol ?? 'TCP') === 'TCP').slice(0, 3)
  return Promise.all(
    ports.map(async (p): Promise<ProbeResult> => {
      const scheme = p.port === 443 || p.name === 'https' ? 'https' : 'http'
      const port = p.name ?? p.port
      const path = service.health.ready
      return {
        hop: 'service',
        name,
        port,
        path,
        purpose: 'ready',
        result: await ask(cluster, { namespace, kind: 'services', name, port, path, scheme }, signal),
      }
    }),
  )
}

/** Longer than a service is waited for: what a proxy says when it gives up by itself is the proof. */
const edgeSeconds = 6

/** Asks at the address that users come in by, as they do: from here, not through the API server. */
export async function probeEdge(targets: Pick<Targets, 'fetch'>, url: string, signal: AbortSignal): Promise<ProbeResult> {
  const { host, pathname, port, protocol } = new URL(url)
  const bounded = AbortSignal.any([signal, deadlineIn(edgeSeconds)])
  const result = await part(async () => {
    const { status, seconds, body } = await targets.fetch(url, { limitBytes: bodyLimit }, bounded)
    return { status, seconds, body: redact(body.slice(0, 1000)) }
  }, signal)
  return { hop: 'edge', name: host, port: Number(port) || (protocol === 'https:' ? 443 : 80), path: pathname, purpose: 'root', result }
}
