/** `task-mcp describe [POD]`: what there is to know of pods, what is not as it should be first. */
import type { Context } from '../context.ts'
import { type PodSheet, podSheet } from '../diagnosis/pod-sheet.ts'
import { type ExitCode, UsageError } from '../errors.ts'
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import { part } from '../facts/part.ts'
import { redact } from '../facts/redact.ts'
import { workloadPods } from '../facts/workload-pods.ts'
import { nearest } from '../nearest.ts'
import { renderSheets } from '../output/pod-sheet.ts'
import { type LookOptions, lookOnly, quoted, selectorLine, where } from './look-only.ts'

/** What `task-mcp describe --json` prints. */
export interface DescribeReport {
  schemaVersion: 1
  command: 'describe'
  at: string
  namespace: string
  pods: PodSheet[]
  /** Why events were not seen. */
  eventsUnseen: string | null
}

export function run(context: Context, [name]: readonly string[], options: LookOptions): Promise<ExitCode> {
  return lookOnly<DescribeReport>(context, options, {
    explain: (settings) =>
      name
        ? [`kubectl describe pod ${where(settings)} ${quoted(name)}`]
        : [selectorLine(settings), `kubectl describe pods ${where(settings)} -l "$SELECTOR"`],
    async gather({ context: world, settings, cluster, signal, interrupted }) {
      const { namespace } = settings.service
      const [{ pods }, events] = await Promise.all([
        workloadPods(settings, cluster, world),
        part(() => cluster.list('events', { namespace, limit: 5000 }, signal), interrupted),
      ])
      const chosen = name === undefined ? pods : [podNamed(pods, name, settings.service.workload)]
      const known = new Set(pods.flatMap((pod) => [pod.metadata.name, `${namespace}/${pod.metadata.name}`]))
      const items =
        events.state === 'ok' ? events.value.items.map((one): KubeEvent => ({ ...one, message: redact(one.message ?? '', known) })) : []
      const sheets = chosen.map((pod) => podSheet(withoutSecrets(pod), items))
      return {
        schemaVersion: 1,
        command: 'describe',
        at: new Date(world.clock.now()).toISOString(),
        namespace,
        pods: sheets.sort((a, b) => Number(a.ready) - Number(b.ready)),
        eventsUnseen: events.state === 'ok' ? null : events.reason,
      }
    },
    render: renderSheets,
  })
}

/** The pod that is meant: by name, or by the end of its name. */
export function podNamed(pods: readonly Pod[], name: string, workload: string): Pod {
  const pod = pods.find((one) => one.metadata.name === name) ?? pods.find((one) => one.metadata.name.endsWith(`-${name}`))
  if (pod) return pod
  const names = pods.map((one) => one.metadata.name)
  const meant = nearest(name, names)
  throw new UsageError(`${workload} has no pod "${name}"`, meant ? `did you mean ${meant}?` : `it has ${names.join(', ') || 'none'}`)
}

/** What programs write into their termination message may be anything. */
const withoutSecrets = (pod: Pod): Pod =>
  JSON.parse(JSON.stringify(pod), (key, value: unknown) => (key === 'message' && typeof value === 'string' ? redact(value) : value)) as Pod
