/** A container added beside a running process, to look from inside its pod: tried on the API server, added, waited for, read back. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../context.ts'
import type { Container, ContainerState, Pod } from '../facts/kubernetes/pod.ts'
import { parseLog } from '../facts/logs.ts'
import type { Cluster, ClusterWriter } from '../targets/ports.ts'
import { fieldManager } from './writing.ts'

export interface Ephemeral {
  pod: Pod
  /** Name of the added container. */
  name: string
  image: string
  command: readonly string[]
  /** The container whose process it stands beside. */
  target: Container | undefined
}

/** How it ended: `code` is its exit status; where it did not start, what the kubelet says. Output is redacted, a line each. */
export type EphemeralEnd =
  | { state: 'ended'; code: number; output: string[] }
  | { state: 'running'; output: string[] }
  | { state: 'not-started'; reason: string }

const betweenLooks = 1000
const mostLines = 5000

/** A container of a name of its own; nothing is sent. */
export const ephemeralIn = (pod: Pod, target: Container | undefined, image: string, command: readonly string[]): Ephemeral => ({
  pod,
  name: `look-${randomBytes(3).toString('hex')}`,
  image,
  command,
  target,
})

/** What a person is told before it is added. */
export const ephemeralWords = ({ pod, name, image, target }: Ephemeral): string =>
  [
    `  in a new ephemeral container ${name} of pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}, image ${image}, beside ${target?.name ?? 'its process'}`,
    "  It sees the pod's network and the processes of that container. It stays listed in the pod until the pod goes; the process is not restarted.",
    '',
  ].join('\n')

/** What the run record keeps of it. */
export const ephemeralNote = ({ pod, name, image }: Ephemeral): string =>
  `added ephemeral container ${name} (${image}) to pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}`

/** Adds it, or asks the API server whether it could be. Throws as ClusterWriter does. */
export async function addEphemeral(
  writer: ClusterWriter,
  { pod, name, image, command, target }: Ephemeral,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<void> {
  const added = {
    name,
    image,
    command,
    targetContainerName: target?.name,
    imagePullPolicy: 'IfNotPresent',
    // Admitted where the process beside it was, and allowed to see what it sees.
    ...(target?.securityContext ? { securityContext: target.securityContext } : {}),
  }
  await writer.patch(
    { resource: 'pods', namespace: pod.metadata.namespace, name: pod.metadata.name },
    'strategic',
    { spec: { ephemeralContainers: [added] } },
    { dryRun, fieldManager, subresource: 'ephemeralcontainers' },
    AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
  )
}

/** Waits until it has ended or `until` (epoch milliseconds) has come, and reads its output. */
export async function endOfEphemeral(
  cluster: Cluster,
  clock: Clock,
  { pod: { metadata }, name }: Ephemeral,
  until: number,
  signal: AbortSignal,
): Promise<EphemeralEnd> {
  const { namespace = '' } = metadata
  const output = async (): Promise<string[]> => {
    const text = await cluster.logs({ namespace, pod: metadata.name, container: name, tailLines: mostLines }, signal)
    return parseLog(text, new Set([metadata.name])).map((line) => line.text)
  }
  for (;;) {
    const now = (await cluster.get('pods', { namespace, name: metadata.name }, signal)) as Pod & {
      status?: { ephemeralContainerStatuses?: { name: string; state?: ContainerState }[] }
    }
    const state = now.status?.ephemeralContainerStatuses?.find((one) => one.name === name)?.state
    if (state?.terminated) return { state: 'ended', code: state.terminated.exitCode, output: await output() }
    if (clock.now() >= until) {
      if (state?.running) return { state: 'running', output: await output() }
      const waiting = state?.waiting
      return {
        state: 'not-started',
        reason: `${waiting?.reason ?? 'no word of it'}${waiting?.message ? `, ${waiting.message}` : ''}`,
      }
    }
    await clock.sleep(betweenLooks, signal)
  }
}
