/** Whether a pod would find a node: the scheduler's filters for readiness, taints, node selection and requests. Pure. */

import { quantity } from '../diagnosis/quantity.ts'
import type { Node } from '../facts/kubernetes/node.ts'
import type { Quantities } from '../facts/kubernetes/object.ts'
import type { NodeSelectorTerm, Pod, PodSpec, Toleration } from '../facts/kubernetes/pod.ts'

export interface Room {
  node: string
  /** Why a pod cannot go there; undefined where it can. */
  why: string | undefined
}

/** For each node, whether one more pod of this spec fits. `pods` are all pods of the cluster. */
export function roomFor(spec: PodSpec, nodes: readonly Node[], pods: readonly Pod[]): Room[] {
  return nodes.map((node) => ({ node: node.metadata.name, why: obstacle(spec, node, pods) }))
}

function obstacle(spec: PodSpec, node: Node, pods: readonly Pod[]): string | undefined {
  if (!node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True')) return 'not ready'
  if (node.spec?.unschedulable) return 'cordoned'
  const taint = (node.spec?.taints ?? []).find(
    (one) => one.effect !== 'PreferNoSchedule' && !(spec.tolerations ?? []).some((toleration) => tolerates(toleration, one)),
  )
  if (taint) return `taint ${taint.key} is not tolerated`
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return `label ${key}=${value} is wanted`
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (terms && !terms.some((term) => meets(term, labels, node.metadata.name))) return 'node affinity does not match'
  return tooSmall(spec, node, pods)
}

function tooSmall(spec: PodSpec, node: Node, pods: readonly Pod[]): string | undefined {
  const there = pods.filter(
    (pod) => pod.spec.nodeName === node.metadata.name && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
  )
  const most = quantity(node.status?.allocatable?.pods)
  if (most !== undefined && there.length >= most) return `already has its ${most} pods`
  for (const resource of ['cpu', 'memory'] as const) {
    const wanted = requestOf(spec, resource)
    const allocatable = quantity(node.status?.allocatable?.[resource])
    if (wanted === 0 || allocatable === undefined) continue
    const free = allocatable - there.reduce((sum, pod) => sum + requestOf(pod.spec, resource), 0)
    if (wanted > free) return `${resource}: ${show(resource, wanted)} wanted, ${show(resource, Math.max(0, free))} free`
  }
  return undefined
}

/** What the scheduler counts for a pod: the sum of its containers, or its largest init container if that is more. Cores, bytes. */
export function requestOf(spec: PodSpec, resource: 'cpu' | 'memory'): number {
  const of = (container: { resources?: { requests?: Quantities } }) => quantity(container.resources?.requests?.[resource]) ?? 0
  const sum = spec.containers.reduce((total, container) => total + of(container), 0)
  return Math.max(sum, ...(spec.initContainers ?? []).map(of))
}

const show = (resource: 'cpu' | 'memory', value: number): string =>
  resource === 'cpu' ? `${Math.round(value * 1000)}m` : `${Math.round(value / 2 ** 20)}Mi`

function tolerates(toleration: Toleration, taint: { key?: string; value?: string; effect?: string }): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false
  if (toleration.key === undefined || toleration.key === '') return toleration.operator === 'Exists'
  if (toleration.key !== taint.key) return false
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')
}

function meets(term: NodeSelectorTerm, labels: Readonly<Record<string, string>>, name: string): boolean {
  const one = (value: string | undefined, operator: string, values: readonly string[] = []): boolean => {
    if (operator === 'In') return value !== undefined && values.includes(value)
    if (operator === 'NotIn') return value === undefined || !values.includes(value)
    if (operator === 'Exists') return value !== undefined
    if (operator === 'DoesNotExist') return value === undefined
    if (operator === 'Gt') return Number(value) > Number(values[0])
    return operator === 'Lt' && Number(value) < Number(values[0])
  }
  return (
    (term.matchExpressions ?? []).every((expression) => one(labels[expression.key], expression.operator, expression.values)) &&
    (term.matchFields ?? []).every((field) => one(field.key === 'metadata.name' ? name : undefined, field.operator, field.values))
  )
}
