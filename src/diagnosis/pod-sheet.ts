/** What there is to know of a pod, without what is always so. Pure. */
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import type { Container, Pod, Probe } from '../facts/kubernetes/pod.ts'
import { type EventGroup, eventGroups } from './event-groups.ts'
import { containerStatuses, podIsReady } from './view.ts'

export interface ContainerSheet {
  name: string
  init: boolean
  image: string
  /** `running since 03:12`, `waiting: CrashLoopBackOff (message)`. */
  state: string
  well: boolean
  restarts: number
  /** Why it ended the last time: `OOMKilled, exit 137`. */
  lastEnd: string | null
  lastEndAt: string | null
  requests: Record<string, string>
  limits: Record<string, string>
  probes: string[]
  /** Names of environment variables, and where the value of each is from. Never a value. */
  env: string[]
  mounts: string[]
}

export interface PodSheet {
  name: string
  ready: boolean
  phase: string
  reason: string | null
  node: string | null
  address: string | null
  startedAt: string | null
  leaving: boolean
  serviceAccount: string
  qualityOfService: string | null
  /** Conditions that are not as they should be. */
  conditions: { type: string; status: string; reason: string | null; message: string | null; since: string | null }[]
  containers: ContainerSheet[]
  events: EventGroup[]
}

/** Conditions that are bad news when true. */
const badWhenTrue = new Set(['DisruptionTarget', 'PodResizePending', 'PodResizeInProgress'])

/** `events` are those of the namespace; the pod's own are picked. */
export function podSheet(pod: Pod, events: readonly KubeEvent[]): PodSheet {
  const { metadata, spec, status } = pod
  const statuses = containerStatuses(pod)
  const sheet = (container: Container, init: boolean): ContainerSheet => {
    const known = statuses.find((one) => one.name === container.name && one.init === init)
    const { state, well } = stateOf(known?.state, init)
    const ended = known?.lastState?.terminated
    return {
      name: container.name,
      init,
      image: container.image ?? '',
      state,
      well: well && (init || known?.ready !== false),
      restarts: known?.restartCount ?? 0,
      lastEnd: ended
        ? `${ended.reason ?? 'ended'}, exit ${ended.exitCode}${ended.message ? `: ${ended.message.slice(0, 200)}` : ''}`
        : null,
      lastEndAt: ended?.finishedAt ?? null,
      requests: plain(container.resources?.requests),
      limits: plain(container.resources?.limits),
      probes: probesOf(container),
      env: envOf(container),
      mounts: (container.volumeMounts ?? []).map(
        (mount) => `${mount.mountPath} from ${sourceOf(pod, mount.name)}${mount.readOnly ? ', read only' : ''}`,
      ),
    }
  }
  return {
    name: metadata.name,
    ready: podIsReady(pod),
    phase: status?.phase ?? 'Unknown',
    reason: status?.reason ?? null,
    node: spec.nodeName ?? null,
    address: status?.podIP ?? null,
    startedAt: status?.startTime ?? metadata.creationTimestamp ?? null,
    leaving: metadata.deletionTimestamp !== undefined,
    serviceAccount: spec.serviceAccountName ?? 'default',
    qualityOfService: status?.qosClass ?? null,
    conditions: (status?.conditions ?? [])
      .filter((one) => one.status !== (badWhenTrue.has(one.type) ? 'False' : 'True'))
      .map(({ type, status: is, reason, message, lastTransitionTime }) => ({
        type,
        status: is,
        reason: reason ?? null,
        message: message ?? null,
        since: lastTransitionTime ?? null,
      })),
    containers: [...(spec.initContainers ?? []).map((one) => sheet(one, true)), ...spec.containers.map((one) => sheet(one, false))],
    events: eventGroups(events.filter((event) => event.involvedObject.kind === 'Pod' && event.involvedObject.name === metadata.name)),
  }
}

function stateOf(
  state: NonNullable<ReturnType<typeof containerStatuses>[number]['state']> | undefined,
  init: boolean,
): { state: string; well: boolean } {
  if (state?.running) return { state: `running since ${state.running.startedAt ?? '?'}`, well: true }
  if (state?.terminated) {
    const { reason = 'ended', exitCode, message } = state.terminated
    return { state: `${reason}, exit ${exitCode}${message ? `: ${message.slice(0, 200)}` : ''}`, well: init && exitCode === 0 }
  }
  if (state?.waiting)
    return {
      state: `waiting: ${state.waiting.reason ?? '?'}${state.waiting.message ? ` (${state.waiting.message.slice(0, 300)})` : ''}`,
      well: false,
    }
  return { state: 'not begun', well: false }
}

const plain = (quantities: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(quantities ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

function probesOf(container: Container): string[] {
  const said = (what: string, probe: Probe | undefined): string[] => {
    if (!probe) return []
    const asks = probe.httpGet
      ? `GET ${probe.httpGet.path ?? '/'} on ${probe.httpGet.port}`
      : probe.tcpSocket
        ? `connects to ${probe.tcpSocket.port}`
        : probe.grpc
          ? `gRPC on ${probe.grpc.port}`
          : `runs ${probe.exec?.command?.[0] ?? '?'}`
    return [
      `${what} ${asks}, every ${probe.periodSeconds ?? 10} s, ${probe.timeoutSeconds ?? 1} s to answer, ${probe.failureThreshold ?? 3} failures`,
    ]
  }
  return [
    ...said('startup', container.startupProbe),
    ...said('readiness', container.readinessProbe),
    ...said('liveness', container.livenessProbe),
  ]
}

function envOf(container: Container): string[] {
  const named = (container.env ?? []).map(({ name, valueFrom }) => {
    if (valueFrom?.secretKeyRef) return `${name} from Secret ${valueFrom.secretKeyRef.name} key ${valueFrom.secretKeyRef.key}`
    if (valueFrom?.configMapKeyRef) return `${name} from ConfigMap ${valueFrom.configMapKeyRef.name} key ${valueFrom.configMapKeyRef.key}`
    if (valueFrom?.fieldRef) return `${name} from ${valueFrom.fieldRef.fieldPath}`
    return valueFrom ? `${name} from a resource` : `${name} written in the template`
  })
  const whole = (container.envFrom ?? []).map(({ configMapRef, secretRef }) =>
    configMapRef ? `all of ConfigMap ${configMapRef.name}` : `all of Secret ${secretRef?.name}`,
  )
  return [...named, ...whole]
}

function sourceOf(pod: Pod, name: string): string {
  const volume = pod.spec.volumes?.find((one) => one.name === name)
  if (volume?.configMap) return `ConfigMap ${volume.configMap.name}`
  if (volume?.secret) return `Secret ${volume.secret.secretName}`
  if (volume?.persistentVolumeClaim) return `volume claim ${volume.persistentVolumeClaim.claimName}`
  if (volume?.emptyDir) return `an empty directory${volume.emptyDir.sizeLimit ? ` of ${volume.emptyDir.sizeLimit}` : ''}`
  if (volume?.hostPath) return `the node's ${volume.hostPath.path}`
  return volume?.projected ? `projected sources` : name
}
