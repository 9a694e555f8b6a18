/** Looks at the cluster that prove a fault, each giving what was seen in one line. */
import { type Any, kubectl, until } from './kubectl.ts'
import type { World } from './world.ts'

const waitingOf = (pod: Any): string[] =>
  [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].flatMap((status: Any) => {
    const state = status.state.waiting ?? status.state.terminated
    return [state?.reason, status.lastState?.terminated?.reason].filter(Boolean).map((reason) => `${pod.metadata.name}: ${reason}`)
  })

/** Waits until a container of a pod of ours is, or was last, in one of these states. */
export const containerState = (world: World, reason: RegExp, seconds = 60): Promise<string> =>
  until(`a container ${reason}`, seconds, async () => (await world.pods()).flatMap(waitingOf).find((line) => reason.test(line)))

/** Waits for an event whose reason or message matches, about an object whose name begins with that of our workload, or with `of`. */
export const event = (world: World, pattern: RegExp, seconds = 60, of = world.names.app): Promise<string> =>
  until(`an event ${pattern}`, seconds, async () => {
    const { items } = JSON.parse(await world.k('get', 'events', '-o', 'json'))
    return items
      .filter((item: Any) => item.involvedObject.name.startsWith(of))
      .map((item: Any) => `${item.involvedObject.kind}/${item.involvedObject.name} ${item.reason}: ${item.message}`)
      .find((line: string) => pattern.test(line))
      ?.slice(0, 400)
  })

/** Waits until fewer pods than wanted are ready. */
export const notReady = (world: World, seconds = 60): Promise<string> =>
  until('pods that are not ready', seconds, async () => {
    const { spec, status } = await world.get('deployment', world.names.app)
    return (status.readyReplicas ?? 0) < spec.replicas && `${status.readyReplicas ?? 0} of ${spec.replicas} ready`
  })

/** Waits until no address of the Service is ready. */
export const noEndpoints = (world: World, seconds = 60): Promise<string> =>
  until('a Service without endpoints', seconds, async () => {
    const { items } = JSON.parse(
      await world.k('get', 'endpointslices', '-l', `kubernetes.io/service-name=${world.names.app}`, '-o', 'json'),
    )
    const ready = items.flatMap((slice: Any) => slice.endpoints ?? []).filter((endpoint: Any) => endpoint.conditions.ready)
    return ready.length === 0 && `${items.length} slices, no ready endpoint`
  })

/** Waits until the client's calls are lost or refused, more and more. */
export async function clientSuffers(world: World, seconds = 90): Promise<string> {
  const counts = async (): Promise<number> => {
    const now = await world.clientCounts()
    return (now?.lost ?? 0) + (now?.refused ?? 0)
  }
  const before = await counts()
  return until('failing calls of the client', seconds, async () => {
    const failed = (await counts()) - before
    return failed >= 3 && `${failed} failed calls`
  })
}

/** Asks Prometheus of the namespace `monitoring`. Gives the first value; undefined where there is none, or it does not answer just now. */
export async function prometheus(query: string): Promise<number | undefined> {
  const path = `/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=${encodeURIComponent(query)}`
  const answer = await kubectl(['get', '--raw', path]).catch(() => undefined)
  const value = answer === undefined ? undefined : JSON.parse(answer).data.result[0]?.value[1]
  return value === undefined ? undefined : Number(value)
}

/** Waits until Prometheus says that answers of the service are errors of its own, above a share of all: by HTTP status, or inside an MCP answer. */
export const errorShare = (world: World, above: number, seconds = 120): Promise<string> =>
  until(`an error share above ${above}`, seconds, async () => {
    const series = `namespace="${world.names.namespace}"`
    const rate = (metric: string, labels: string): string => `(sum(rate(${metric}{${series},${labels}}[30s])) or vector(0))`
    const bad = `(${rate('http_server_requests_total', 'status_code=~"5.."')} + ${rate('mcp_server_operation_duration_seconds_count', 'error_type=~"internal|unavailable|timeout"')})`
    const share = await prometheus(`${bad} / sum(rate(http_server_requests_total{${series},route!~"/health.*|/metrics"}[30s]))`)
    return share !== undefined && share > above && `${(share * 100).toFixed(1)}% of the answers are errors`
  })

/** Nothing shows: every pod ready and the client works. */
export const allWell = async (world: World): Promise<string> => {
  await world.settled()
  const before = (await world.clientCounts())?.calls ?? 0
  const seen = await until('the client works', 40, async () => {
    const now = await world.clientCounts()
    return now && now.calls > before ? now : undefined
  })
  return `every pod ready, ${seen.calls} calls`
}
