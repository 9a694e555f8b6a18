/** What every action asks of the world before it plans: which object, who else looks after it, and its neighbours. */

import { randomBytes } from 'node:crypto'
import { AbsentError, ExpectedError, InterruptedError, UsageError } from '../errors.ts'
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { ResourceName, Resources } from '../facts/kubernetes/resources.ts'
import type { DaemonSet, Deployment, HorizontalPodAutoscaler, ReplicaSet, StatefulSet } from '../facts/kubernetes/workload.ts'
import type { Settings, WorkloadKind } from '../settings.ts'
import type { Cluster, ListQuery } from '../targets/ports.ts'
import type { ActionWord, Plan } from './plan.ts'
import type { RunRecord } from './run-record.ts'

export interface Look {
  cluster: Cluster
  settings: Settings
  now: () => number
  signal: AbortSignal
  record: RunRecord
}

export type AnyWorkload = Deployment | StatefulSet | DaemonSet

export const workloadResource: Readonly<Record<WorkloadKind, 'deployments' | 'statefulsets' | 'daemonsets'>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
}

const kindWords: Readonly<Record<string, WorkloadKind>> = {
  deployment: 'Deployment',
  deployments: 'Deployment',
  deploy: 'Deployment',
  statefulset: 'StatefulSet',
  statefulsets: 'StatefulSet',
  sts: 'StatefulSet',
  daemonset: 'DaemonSet',
  daemonsets: 'DaemonSet',
  ds: 'DaemonSet',
}

export interface Target<T extends KubeObject = AnyWorkload> {
  kind: string
  resource: ResourceName
  namespace: string
  name: string
  object: T
}

/** Kind and name out of `deployment/NAME` or NAME; the settings' own workload when nothing was said. UsageError for another kind. */
export function workloadWord(word: string | undefined, settings: Settings): { kind: WorkloadKind; name: string } {
  if (word === undefined) return { kind: settings.service.kind, name: settings.service.workload }
  const [first, second, ...more] = word.split('/')
  if (second === undefined) return { kind: settings.service.kind, name: word }
  const kind = kindWords[first!.toLowerCase()]
  if (kind === undefined || second === '' || more.length > 0) {
    throw new UsageError(`"${word}" is no workload`, 'write deployment/NAME, statefulset/NAME or daemonset/NAME')
  }
  return { kind, name: second }
}

/** The workload that an action is for, as it is now. AbsentError with the names that are there. */
export async function workloadTarget(look: Look, word: string | undefined): Promise<Target> {
  const { kind, name } = workloadWord(word, look.settings)
  const { namespace } = look.settings.service
  const resource = workloadResource[kind]
  const object = await look.cluster.get(resource, { namespace, name }, look.signal).catch(async (error: unknown) => {
    if (!(error instanceof AbsentError)) throw error
    const others = await listed(look, resource, { namespace, limit: 20 })
    const have = others?.map((other) => other.metadata.name).join(', ')
    throw new AbsentError(
      `there is no ${kind.toLowerCase()}/${name} in namespace ${namespace}`,
      have ? `there are ${have}` : 'check --namespace and --context',
    )
  })
  return { kind, resource, namespace, name, object }
}

/** A list, or undefined where it cannot be seen (denied, unreachable, no such API). Never swallows an interrupt. */
export async function listed<K extends ResourceName>(look: Look, resource: K, query: ListQuery): Promise<Resources[K][] | undefined> {
  try {
    return (await look.cluster.list(resource, query, look.signal)).items
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError) || look.signal.aborted) throw error
    return undefined
  }
}

/** ReplicaSets of a Deployment, newest revision first. */
export async function revisionsOf(look: Look, deployment: KubeObject): Promise<ReplicaSet[]> {
  const { items } = await look.cluster.list('replicasets', { namespace: deployment.metadata.namespace }, look.signal)
  return items
    .filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid))
    .sort((a, b) => revisionNumber(b) - revisionNumber(a))
}

export const revisionNumber = (object: KubeObject): number =>
  Number(object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)

/** The autoscaler that sets this workload's replicas, if there is one to be seen. */
export async function autoscalerOf(look: Look, target: Target): Promise<HorizontalPodAutoscaler | undefined> {
  const all = await listed(look, 'horizontalpodautoscalers', { namespace: target.namespace })
  return all?.find((hpa) => hpa.spec.scaleTargetRef.kind === target.kind && hpa.spec.scaleTargetRef.name === target.name)
}

const gitOps: readonly [RegExp, string][] = [
  [/^(argocd\.argoproj\.io\/|app\.kubernetes\.io\/instance$)/, 'Argo CD'],
  [/^(kustomize|helm)\.toolkit\.fluxcd\.io\//, 'Flux'],
  [/^meta\.helm\.sh\/release-name$/, 'Helm'],
]
const gitOpsManagers: readonly [RegExp, string][] = [
  [/^argocd/i, 'Argo CD'],
  [/^(kustomize|helm)-controller$/i, 'Flux'],
]

/** Who may put an object back to what it was: GitOps tools by their marks, operators by ownerReferences. One sentence each. */
export function reverters(kind: string, object: KubeObject): string[] {
  const marks = Object.keys({ ...object.metadata.annotations, ...object.metadata.labels })
  const tools = new Set([
    ...gitOps.filter(([mark, tool]) => tool !== 'Argo CD' && marks.some((have) => mark.test(have))).map(([, tool]) => tool),
    ...(marks.some((have) => have.startsWith('argocd.argoproj.io/')) ? ['Argo CD'] : []),
    ...gitOpsManagers
      .filter(([manager]) => object.metadata.managedFields?.some((field) => manager.test(field.manager ?? '')))
      .map(([, tool]) => tool),
  ])
  const owners = (object.metadata.ownerReferences ?? []).filter((owner) => owner.controller)
  return [
    ...[...tools].map(
      (tool) => `${tool} looks after this ${kind.toLowerCase()} and may undo the change at its next sync: change it at the source as well`,
    ),
    ...owners.map((owner) => `${owner.kind.toLowerCase()}/${owner.name} owns this ${kind.toLowerCase()} and may undo the change`),
  ]
}

/** The parts of a plan that do not depend on the action. */
export function planBase(
  look: Look,
  action: ActionWord,
  target: Target<KubeObject>,
): Pick<Plan, 'id' | 'action' | 'cluster' | 'target' | 'warnings' | 'gates' | 'objections' | 'writes' | 'verification' | 'madeAt'> {
  const { context, server, user } = look.cluster.identity()
  return {
    id: randomBytes(4).toString('hex'),
    action,
    cluster: { context, server, user },
    target: { kind: target.kind, namespace: target.namespace, name: target.name, uid: target.object.metadata.uid ?? '' },
    warnings: reverters(target.kind, target.object),
    gates: [],
    objections: [],
    writes: [],
    verification: [],
    madeAt: new Date(look.now()).toISOString(),
  }
}
