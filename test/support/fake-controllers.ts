/** What the controllers of a cluster would do next, one small step at a time: Deployments roll, pods become ready, endpoints follow. */

import { mapSelects } from '../../src/diagnosis/selectors.ts'
import { stable } from '../../src/diagnosis/template-diff.ts'
import type { KubeObject } from '../../src/facts/kubernetes/object.ts'
import type { Pod, PodTemplate } from '../../src/facts/kubernetes/pod.ts'
import type { Deployment, ReplicaSet } from '../../src/facts/kubernetes/workload.ts'
import type { FakeCluster } from './fake-cluster.ts'

const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
const ownedBy = (owner: KubeObject) => (object: KubeObject) =>
  object.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid) ?? false
const ownerReference = (kind: string, owner: KubeObject) => [
  { kind, name: owner.metadata.name, uid: owner.metadata.uid!, controller: true },
]

/** The template as one compares it: without the hash that the controller adds. */
function bare(template: PodTemplate): string {
  const { 'pod-template-hash': _, ...labels } = template.metadata?.labels ?? {}
  return stable({ ...template, metadata: { ...template.metadata, labels } })
}

export function reconcile(world: FakeCluster): void {
  for (const deployment of world.all('deployments')) rollOn(world, deployment)
  for (const set of world.all('replicasets')) keepCount(world, set)
  for (const pod of world.all('pods')) live(world, pod)
  for (const set of world.all('replicasets')) {
    const pods = world.all('pods').filter(ownedBy(set))
    set.status = { replicas: pods.length, readyReplicas: pods.filter(isReady).length, availableReplicas: pods.filter(isReady).length }
  }
  for (const deployment of world.all('deployments')) report(world, deployment)
  for (const service of world.all('services')) {
    const pods = world
      .all('pods')
      .filter((pod) => pod.metadata.namespace === service.metadata.namespace && mapSelects(service.spec.selector, pod.metadata.labels))
    const name = `${service.metadata.name}-s`
    world.put('endpointslices', {
      metadata: { name, namespace: service.metadata.namespace!, labels: { 'kubernetes.io/service-name': service.metadata.name } },
      endpoints: pods.map((pod) => ({
        addresses: [pod.status?.podIP ?? ''],
        conditions: { ready: isReady(pod) },
        targetRef: { kind: 'Pod', name: pod.metadata.name },
      })),
      ports: (service.spec.ports ?? []).map((port) => ({ port: Number(port.targetPort ?? port.port) })),
    })
  }
}

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false

function rollOn(world: FakeCluster, deployment: Deployment): void {
  const sets = world.all('replicasets').filter(ownedBy(deployment))
  const wanted = deployment.spec.replicas ?? 1
  let current = sets.find((set) => bare(set.spec.template) === bare(deployment.spec.template))
  const newest = Math.max(0, ...sets.map(revisionOf))
  if (deployment.spec.paused && (!current || revisionOf(current) !== newest)) return
  if (!current) {
    const hash = `h${newest + 1}${deployment.metadata.name.length}`
    current = world.put('replicasets', {
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace!,
        labels: { 'pod-template-hash': hash },
        annotations: {},
        ownerReferences: ownerReference('Deployment', deployment),
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { ...deployment.spec.selector.matchLabels, 'pod-template-hash': hash } },
        template: {
          ...structuredClone(deployment.spec.template),
          metadata: {
            ...deployment.spec.template.metadata,
            labels: { ...deployment.spec.template.metadata?.labels, 'pod-template-hash': hash },
          },
        },
      },
    })
  }
  const annotations = current.metadata.annotations ?? {}
  current.metadata.annotations = annotations
  if (revisionOf(current) === 0 || revisionOf(current) < newest) annotations['deployment.kubernetes.io/revision'] = String(newest + 1)
  annotations['deployment.kubernetes.io/desired-replicas'] = String(wanted)
  deployment.metadata.annotations = {
    ...deployment.metadata.annotations,
    'deployment.kubernetes.io/revision': annotations['deployment.kubernetes.io/revision']!,
  }
  current.spec.replicas = wanted
  const ready = world.all('pods').filter(ownedBy(current)).filter(isReady).length
  // Old pods go only as new ones are ready, as a rolling update with maxUnavailable 0 has it.
  let keep = Math.max(0, wanted - ready)
  for (const set of sets.filter((other) => other !== current).sort((a, b) => revisionOf(b) - revisionOf(a))) {
    set.spec.replicas = Math.min(set.spec.replicas ?? 0, keep)
    keep -= set.spec.replicas
  }
}

function keepCount(world: FakeCluster, set: ReplicaSet): void {
  const pods = world.all('pods').filter(ownedBy(set))
  const wanted = set.spec.replicas ?? 0
  for (const pod of pods.slice(wanted)) world.drop('pods', pod)
  for (let count = pods.length; count < wanted; count++) {
    world.put('pods', {
      metadata: {
        name: `${set.metadata.name}-${world.serial()}`,
        namespace: set.metadata.namespace!,
        labels: { ...set.spec.template.metadata?.labels },
        ownerReferences: ownerReference('ReplicaSet', set),
      },
      spec: structuredClone(set.spec.template.spec),
      status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'False' }] },
    })
  }
}

function live(world: FakeCluster, pod: Pod): void {
  if (pod.status?.phase === 'Pending' && world.starts(pod)) {
    pod.status = {
      phase: 'Running',
      podIP: `10.0.0.${world.serial()}`,
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: pod.spec.containers.map((container) => ({
        name: container.name,
        ready: true,
        restartCount: 0,
        state: { running: {} },
      })),
    }
  }
}

function report(world: FakeCluster, deployment: Deployment): void {
  const sets = world.all('replicasets').filter(ownedBy(deployment))
  const newest = sets.sort((a, b) => revisionOf(b) - revisionOf(a))[0]
  const sum = (field: 'replicas' | 'readyReplicas') => sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0)
  deployment.status = {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum('replicas'),
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('readyReplicas'),
    updatedReplicas: newest && bare(newest.spec.template) === bare(deployment.spec.template) ? (newest.status?.replicas ?? 0) : 0,
    unavailableReplicas: sum('replicas') - sum('readyReplicas'),
  }
}
