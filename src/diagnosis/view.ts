/** A Snapshot indexed by what a judgement asks for: the workload, its revisions and pods, its Services, what it needs, what was said about each. Pure. */
import type { KubeEvent } from '../facts/kubernetes/event.ts'
import type { EndpointSlice, Service } from '../facts/kubernetes/network.ts'
import type { KubeObject, LabelSelector, Labels } from '../facts/kubernetes/object.ts'
import type { Container, ContainerStatus, Pod, PodTemplate } from '../facts/kubernetes/pod.ts'
import type { ReplicaSet } from '../facts/kubernetes/workload.ts'
import { all, find, findWorkload, mainContainer, podsOf, replicaSetsOf, replicasOf, type Workload } from '../facts/lookup.ts'
import type { LogExcerpt, ProbeResult, Snapshot } from '../facts/snapshot.ts'
import type { ServiceSettings, Thresholds } from '../settings.ts'
import type { Series } from '../targets/ports.ts'
import { type Dependency, findDependencies } from './dependencies.ts'
import { ordered } from './ordered.ts'
import { mapSelects, selects } from './selectors.ts'
import { latest, millis } from './time.ts'
import type { Subject } from './verdict.ts'

/** One revision of the workload's template, newest first in `View.revisions`. */
export interface Revision {
  /** ReplicaSet name, or the StatefulSet/DaemonSet revision hash. */
  name: string
  hash: string | undefined
  number: number
  createdAt: string | undefined
  template: PodTemplate
  /** Pods that this revision was asked to have; for a ReplicaSet its spec.replicas. */
  wanted: number
  replicaSet: ReplicaSet | undefined
}

export interface View {
  snapshot: Snapshot
  /** Milliseconds; every age is counted from here. */
  now: number
  service: ServiceSettings
  thresholds: Thresholds
  workload: Workload | undefined
  template: PodTemplate | undefined
  /** Replicas asked for; undefined where the workload was not seen. */
  replicas: number | undefined
  revisions: Revision[]
  /** Pods of the workload that are not being deleted, newest first. */
  pods: Pod[]
  /** Those of the newest revision, and of older ones. */
  newPods: Pod[]
  oldPods: Pod[]
  /** Pods of the workload that are being deleted. */
  leaving: Pod[]
  /** The Service users come through. */
  front: Service | undefined
  slices: EndpointSlice[]
  dependencies: Dependency[]
  /** The container that serves: named in the settings, else the one with the service port, else the first. */
  main: Container | undefined
  subject: Subject
}

export const subjectOf = (kind: string, object: KubeObject): Subject => ({
  kind,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
})

const hashOf = (pod: Pod): string | undefined =>
  pod.metadata.labels?.['pod-template-hash'] ?? pod.metadata.labels?.['controller-revision-hash']

/** Whether a pod, there or gone, is of the newest revision. */
export const isNewest = ({ revisions }: View, pod: Pod): boolean => revisions[0] !== undefined && hashOf(pod) === revisions[0].hash

export const podIsReady = (pod: Pod): boolean => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false

const finished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

function revisionsOf(snapshot: Snapshot, workload: Workload | undefined): Revision[] {
  if (!workload) return []
  const sets = replicaSetsOf(snapshot, workload)
  if (sets.length) {
    return sets.map((replicaSet) => ({
      name: replicaSet.metadata.name,
      hash: replicaSet.metadata.labels?.['pod-template-hash'],
      number: Number(replicaSet.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0),
      createdAt: replicaSet.metadata.creationTimestamp,
      template: replicaSet.spec.template,
      wanted: replicaSet.spec.replicas ?? 0,
      replicaSet,
    }))
  }
  const status = workload.status as { updateRevision?: string } | undefined
  const replicas = 'replicas' in workload.spec ? (workload.spec.replicas ?? 1) : 0
  return [
    {
      name: workload.metadata.name,
      hash: status?.updateRevision,
      number: workload.metadata.generation ?? 0,
      createdAt: undefined,
      template: workload.spec.template,
      wanted: replicas,
      replicaSet: undefined,
    },
  ]
}

export function makeView(given: Snapshot): View {
  const snapshot = ordered(given)
  const { service, thresholds } = snapshot.target
  const workload = findWorkload(snapshot, service.kind, service.workload, service.namespace)
  const template = workload?.spec.template
  const revisions = revisionsOf(snapshot, workload)
  const bySelector = (labels: Labels | undefined): boolean => (service.selector ? mapSelects(service.selector, labels) : false)
  const everyPod = workload ? podsOf(snapshot, workload) : all(snapshot, 'pods').filter((p) => bySelector(p.metadata.labels))
  const pods = everyPod.filter((p) => !p.metadata.deletionTimestamp && !finished(p))
  const newest = revisions[0]?.hash
  const front = find(snapshot, 'services', service.service, service.namespace)
  const slices = all(snapshot, 'endpointslices').filter(
    (s) => s.metadata.namespace === service.namespace && s.metadata.labels?.['kubernetes.io/service-name'] === service.service,
  )
  return {
    snapshot,
    now: Date.parse(snapshot.takenAt),
    service,
    thresholds,
    workload,
    template,
    replicas: workload ? replicasOf(workload) : undefined,
    revisions,
    pods,
    newPods: newest ? pods.filter((p) => hashOf(p) === newest) : pods,
    oldPods: newest ? pods.filter((p) => hashOf(p) !== newest) : [],
    leaving: everyPod.filter((p) => p.metadata.deletionTimestamp),
    front,
    slices,
    dependencies: findDependencies(snapshot, service, template),
    main: mainContainer(template, service),
    subject: snapshot.target.url
      ? { kind: 'Process', name: snapshot.target.url }
      : { kind: service.kind, namespace: service.namespace, name: service.workload },
  }
}

/** The letters of the suffixes that Kubernetes makes up for names. */
const made = '[bcdfghjklmnpqrstvwxz2456789]'
const suffixes = {
  Deployment: new RegExp(`^${made}{5,10}-${made}{5}$`),
  StatefulSet: /^\d+$/,
  DaemonSet: new RegExp(`^${made}{5}$`),
}

/** Whether a pod of this name, which may be gone, was one of the workload: by how its controller names pods, so that `shop-worker` is none of `shop`. */
export function isOurPod({ service }: View, name: string | undefined): boolean {
  const begins = `${service.workload}-`
  return name?.startsWith(begins) === true && suffixes[service.kind].test(name.slice(begins.length))
}

/** Statuses of a pod's containers, init containers first. */
export const containerStatuses = (pod: Pod): (ContainerStatus & { init: boolean })[] => [
  ...(pod.status?.initContainerStatuses ?? []).map((s) => ({ ...s, init: true })),
  ...(pod.status?.containerStatuses ?? []).map((s) => ({ ...s, init: false })),
]

/** Addresses of a Service that receive traffic: [pod name or address, ready]. */
export function endpointsOf(
  slices: readonly EndpointSlice[],
): { address: string; pod: string | undefined; ready: boolean; port: number | undefined }[] {
  return slices.flatMap((s) =>
    (s.endpoints ?? []).map((e) => ({
      address: e.addresses[0] ?? '',
      pod: e.targetRef?.name,
      ready: e.conditions?.ready !== false,
      port: s.ports?.[0]?.port,
    })),
  )
}

export const eventTime = (e: KubeEvent): string | undefined =>
  latest(e.series?.lastObservedTime, e.lastTimestamp, e.eventTime, e.firstTimestamp, e.metadata.creationTimestamp)

/** Events about one object, newest first. */
export function eventsOf(view: View, kind: string, name: string, reason?: RegExp): KubeEvent[] {
  return all(view.snapshot, 'events')
    .filter((e) => e.involvedObject.kind === kind && e.involvedObject.name === name && (!reason || reason.test(e.reason ?? '')))
    .sort((a, b) => (millis(eventTime(b)) ?? 0) - (millis(eventTime(a)) ?? 0))
}

export function logsOf(view: View, pod?: string, container?: string): LogExcerpt[] {
  const { logs } = view.snapshot
  return logs.state === 'ok' ? logs.value.filter((l) => (!pod || l.pod === pod) && (!container || l.container === container)) : []
}

export function probesOf(view: View, hop: ProbeResult['hop'], name?: string): ProbeResult[] {
  return view.snapshot.probes.filter((p) => p.hop === hop && (!name || p.name === name))
}

/** Series of one of our named queries; undefined where it was not seen. An empty list means that Prometheus has no such series. */
export function instant(view: View, name: string): Series[] | undefined {
  const { instant: part } = view.snapshot
  return part.state === 'ok' ? part.value[name]?.series : undefined
}

/** What one of our named queries says of a pod last; undefined where it says nothing of it. */
export const ofPod = (view: View, name: string, pod: string): number | undefined =>
  instant(view, name)
    ?.find((s) => s.labels.pod === pod)
    ?.points.at(-1)?.[1]

export function range(view: View, name: string): Series[] | undefined {
  const { ranges: part } = view.snapshot
  return part.state === 'ok' ? part.value[name]?.series : undefined
}

/** Whether a LabelSelector of some object (a policy, a budget) picks the workload's pods. */
export const picksPods = (view: View, selector: LabelSelector | undefined): boolean =>
  selects(selector, view.pods[0]?.metadata.labels ?? view.template?.metadata?.labels)
