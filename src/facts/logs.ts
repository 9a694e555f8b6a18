/** Reads logs in bounded form: the pods that can tell most, every container, current and previous. */
import type { Cluster } from '../targets/ports.ts'
import type { ContainerStatus, Pod } from './kubernetes/pod.ts'
import { redact, secretIn } from './redact.ts'
import type { LogExcerpt } from './snapshot.ts'

export const mostPods = 8
const tailLines = 200
const limitBytes = 64 * 1024
const longestLine = 600

const troubled = (s: ContainerStatus): boolean => !s.ready || s.restartCount > 0

/** Pods to read and probe: troubled ones first, then the newest and the oldest, at most `most`. Pure. */
export function choosePods(pods: readonly Pod[], most = mostPods): Pod[] {
  const rank = (p: Pod): number => ((p.status?.containerStatuses ?? []).some(troubled) || !p.status?.containerStatuses?.length ? 0 : 1)
  const sorted = [...pods].sort((a, b) => rank(a) - rank(b))
  if (sorted.length <= most) return sorted
  const oldest = [...pods]
    .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1))
    .slice(0, 2)
  return [...new Set([...sorted.slice(0, most - 2), ...oldest])]
}

/** Splits what the kubelet sent with timestamps=true into lines; redacted, long lines cut. Pure. */
export function parseLog(text: string, known: ReadonlySet<string>): LogExcerpt['lines'] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const stamped = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z) ?(.*)$/s.exec(line)
      const message = (stamped?.[2] ?? line).slice(0, longestLine)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes in logs are taken out before they reach another terminal
      const text = redact(message.replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f]/g, ''), known)
      const secret = secretIn(message)
      return { time: stamped?.[1], text, ...(secret && { secret }) }
    })
}

interface Wanted {
  pod: string
  namespace: string
  container: string
  previous: boolean
}

function wanted(pod: Pod): Wanted[] {
  const { name, namespace = '' } = pod.metadata
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return statuses.flatMap((s) => {
    const started = s.state?.running ?? s.state?.terminated ?? s.lastState?.terminated
    if (!started) return []
    const base = { pod: name, namespace, container: s.name }
    return s.restartCount > 0
      ? [
          { ...base, previous: true },
          { ...base, previous: false },
        ]
      : [{ ...base, previous: false }]
  })
}

/** Reads the logs of the chosen pods. A container whose log cannot be read is left out; when none can, the first error is thrown. */
export async function readLogs(
  cluster: Cluster,
  pods: readonly Pod[],
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<LogExcerpt[]> {
  const list = pods.flatMap(wanted)
  const read = await Promise.allSettled(
    list.map(async (w): Promise<LogExcerpt> => {
      const text = await cluster.logs({ ...w, tailLines, limitBytes }, signal)
      return {
        pod: w.pod,
        container: w.container,
        previous: w.previous,
        lines: parseLog(text, known),
        truncated: text.length >= limitBytes,
      }
    }),
  )
  const failed = read.find((r) => r.status === 'rejected')
  const excerpts = read.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []))
  if (failed && excerpts.length === 0 && list.length > 0) throw failed.reason
  return excerpts
}
