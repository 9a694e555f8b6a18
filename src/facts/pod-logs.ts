/** The logs of all pods of a workload since some time, bounded in number and size. */
import type { Cluster } from '../targets/ports.ts'
import type { Pod } from './kubernetes/pod.ts'
import { parseLog } from './logs.ts'
import { part } from './part.ts'
import type { LogExcerpt } from './snapshot.ts'

export interface LogReadings {
  excerpts: LogExcerpt[]
  /** Containers whose log could not be read, and why. */
  unseen: { pod: string; container: string; state: 'denied' | 'unreachable' | 'absent'; reason: string; next?: string | undefined }[]
}

export interface LogWish {
  sinceSeconds: number
  /** The container before the last restart, in place of the present one. */
  previous: boolean
  container: string | undefined
  /** Lines of each container at most, the newest. */
  tailLines: number
}

const limitBytes = 1024 * 1024

/** Reads every container that has run. Never throws but for an interruption: what was not seen is in the answer. */
export async function podLogs(
  cluster: Cluster,
  pods: readonly Pod[],
  wish: LogWish,
  signal: AbortSignal,
  interrupted: AbortSignal,
): Promise<LogReadings> {
  const known = new Set(pods.map((pod) => pod.metadata.name))
  const wanted = pods.flatMap((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
      .filter((status) => wish.container === undefined || status.name === wish.container)
      .filter((status) =>
        wish.previous ? status.restartCount > 0 : status.state?.running || status.state?.terminated || status.lastState?.terminated,
      )
      .map((status) => ({
        pod: pod.metadata.name,
        namespace: pod.metadata.namespace ?? '',
        container: status.name,
        previous: wish.previous,
      })),
  )
  const readings: LogReadings = { excerpts: [], unseen: [] }
  await Promise.all(
    wanted.map(async (one) => {
      const sinceSeconds = Math.max(1, Math.ceil(wish.sinceSeconds))
      const read = await part(
        () => cluster.logs({ ...one, tailLines: wish.tailLines, limitBytes, ...(wish.previous ? {} : { sinceSeconds }) }, signal),
        interrupted,
      )
      const { pod, container, previous } = one
      if (read.state !== 'ok') readings.unseen.push({ pod, container, state: read.state, reason: read.reason, next: read.next })
      else {
        const lines = parseLog(read.value, known)
        readings.excerpts.push({
          pod,
          container,
          previous,
          lines,
          truncated: read.value.length >= limitBytes || lines.length >= wish.tailLines,
        })
      }
    }),
  )
  const place = (one: { pod: string; container: string }) => `${one.pod}/${one.container}`
  readings.excerpts.sort((a, b) => (place(a) < place(b) ? -1 : 1))
  return readings
}
