/** How the profiles of a pod are reached: where its debug listener is, and as whom. */
import { AbsentError, DeniedError, UnreachableError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import type { Download, Downloads } from '../targets/ports.ts'
import type { Pod } from './kubernetes/pod.ts'
import { mainContainer } from './lookup.ts'

export interface DebugAccess {
  /** Port of the listener that has /debug/pprof/; found when undefined. */
  port: number | undefined
  /** Sent as a bearer token, where the listener wants one. */
  token: string | undefined
}

const telling = /^(admin|debug|pprof|management|manage)$/i

/** The port that was given; else one whose name says so, the server's own TASK_MCP_ADMIN_PORT, the metrics listener, the service's port. Pure. */
export function debugPort(pod: Pod, settings: Settings, given: number | undefined): number {
  const { service } = settings
  const container = mainContainer({ spec: pod.spec }, service)
  const named = (container?.ports ?? []).find((port) => telling.test(port.name ?? ''))?.containerPort
  const own = Number(container?.env?.find(({ name }) => name === 'TASK_MCP_ADMIN_PORT')?.value)
  return given ?? named ?? (own > 0 ? own : undefined) ?? service.metrics.port ?? service.port
}

/** The bytes of a page of the debug listener. Throws what a person needs to hear when there are none. */
export async function fetchDebug(
  downloads: Downloads,
  pod: Pod,
  settings: Settings,
  access: DebugAccess,
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const port = debugPort(pod, settings, access.port)
  const headers: Record<string, string> = access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }
  const request = {
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    port,
    path,
    headers,
  }
  const answer = await downloads.download({ ...request, way: 'forward' }, signal).catch((error: unknown) => {
    // Without a token the API server's proxy serves as well, and may be allowed where forwarding is not.
    if (!(error instanceof DeniedError) || access.token !== undefined) throw error
    return downloads.download({ ...request, way: 'proxy' }, signal).catch(() => {
      throw error
    })
  })
  if (answer.status === 200) return answer.body
  throw refusal(answer, await firstWords(answer), port, pod.metadata.name)
}

function refusal({ status }: Download, said: string, port: number, pod: string): Error {
  if (status === 401 || status === 403)
    return new DeniedError(
      `port ${port} of pod ${pod} wants a token (HTTP ${status})`,
      'give the file of one that may (scope server:debug) with --debug-token-file, or let the service listen for operators on loopback: --admin-port',
    )
  if (status === 404)
    return new AbsentError(
      `port ${port} of pod ${pod} has no such page (HTTP 404)`,
      'where it is on another port, say so with --debug-port',
    )
  return new UnreachableError(`port ${port} of pod ${pod} answered HTTP ${status}${said === '' ? '' : `: ${said}`}`)
}

async function firstWords({ body }: Download): Promise<string> {
  for await (const piece of body)
    return Buffer.from(piece)
      .toString('utf8')
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, 160)
  return ''
}
