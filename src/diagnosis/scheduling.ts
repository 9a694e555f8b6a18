/** What the scheduler weighs: requests, selectors, taints, the state of nodes. Pure. */
import type { Node } from '../facts/kubernetes/node.ts'
import type { Condition } from '../facts/kubernetes/object.ts'
import type { PodSpec } from '../facts/kubernetes/pod.ts'
import { conditionEvidence } from './claim.ts'
import { quantity } from './quantity.ts'
import type { Evidence, Subject } from './verdict.ts'

/** CPU and memory that a pod asks for: the sum over containers, or the largest init container where that is more. */
export function requests(spec: PodSpec): { cpu: number; memory: number } {
  const of = (
    c: { resources?: { requests?: Record<string, string | undefined>; limits?: Record<string, string | undefined> } },
    name: 'cpu' | 'memory',
  ): number => quantity(c.resources?.requests?.[name] ?? c.resources?.limits?.[name]) ?? 0
  const total = (name: 'cpu' | 'memory'): number =>
    Math.max(
      spec.containers.reduce((sum, c) => sum + of(c, name), 0),
      ...(spec.initContainers ?? []).map((c) => of(c, name)),
    )
  return { cpu: total('cpu'), memory: total('memory') }
}

export function matchesSelector(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  if (!Object.entries(spec.nodeSelector ?? {}).every(([k, v]) => labels[k] === v)) return false
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return (
    !terms ||
    terms.some(
      (t) =>
        (t.matchExpressions ?? []).every((e) => {
          const value = labels[e.key]
          switch (e.operator) {
            case 'In':
              return value !== undefined && (e.values ?? []).includes(value)
            case 'NotIn':
              return value === undefined || !(e.values ?? []).includes(value)
            case 'Exists':
              return value !== undefined
            case 'DoesNotExist':
              return value === undefined
            case 'Gt':
              return Number(value) > Number(e.values?.[0])
            case 'Lt':
              return Number(value) < Number(e.values?.[0])
            default:
              return false
          }
        }) && (t.matchFields ?? []).every((f) => f.key !== 'metadata.name' || (f.values ?? []).includes(node.metadata.name)),
    )
  )
}

const tolerates = (spec: PodSpec, taint: { key: string; value?: string; effect: string }): boolean =>
  (spec.tolerations ?? []).some(
    (t) =>
      (!t.effect || t.effect === taint.effect) &&
      (!t.key || t.key === taint.key) &&
      (t.operator === 'Exists' || (t.value ?? '') === (taint.value ?? '')),
  )

export const blocking = (spec: PodSpec, node: Node) =>
  (node.spec?.taints ?? []).filter((t) => t.effect !== 'PreferNoSchedule' && !tolerates(spec, t))

/** A condition of an object, by its type. */
export const condOf = ({ status }: { status?: { conditions?: Condition[] } }, type: string): Condition | undefined =>
  status?.conditions?.find((c) => c.type === type)

export const nodeIsReady = (node: Node): boolean => condOf(node, 'Ready')?.status === 'True'

export const pressured = (node: Node) => node.status?.conditions?.find((c) => /Pressure$/.test(c.type) && c.status === 'True')

export const nodeSubject = (node: Node): Subject => ({ kind: 'Node', name: node.metadata.name })

export const notReadyProof = (node: Node): Evidence[] => {
  const c = condOf(node, 'Ready')
  return c ? [conditionEvidence('Node', node, c)] : []
}
