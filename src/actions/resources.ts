/** Resources: limits and requests of one container, against what nodes and quota have. */
import { bytes, cores, quantity } from '../diagnosis/quantity.ts'
import { RefusedError, UsageError } from '../errors.ts'
import type { Container } from '../facts/kubernetes/pod.ts'
import type { Deployment } from '../facts/kubernetes/workload.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { changeField, type FieldChange } from './fields.ts'
import { type Look, planBase, revisionsOf, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { refOf } from './restart.ts'
import { rolloutNotice, rolloutTime } from './rollout-words.ts'

type Resource = 'memory' | 'cpu' | 'ephemeral-storage'

/** Quantities as the API writes them; what is undefined stays. */
export interface ResourceWish {
  /** Raise this limit, when no value is said for it. */
  raise?: Resource | undefined
  container?: string | undefined
  memoryLimit?: string | undefined
  memoryRequest?: string | undefined
  cpuLimit?: string | undefined
  cpuRequest?: string | undefined
  storageLimit?: string | undefined
  storageRequest?: string | undefined
}

const wishes = [
  ['memoryLimit', 'limits', 'memory'],
  ['memoryRequest', 'requests', 'memory'],
  ['cpuLimit', 'limits', 'cpu'],
  ['cpuRequest', 'requests', 'cpu'],
  ['storageLimit', 'limits', 'ephemeral-storage'],
  ['storageRequest', 'requests', 'ephemeral-storage'],
] as const

/** How the flags of a resource begin. */
const flagOf = (resource: Resource) => (resource === 'ephemeral-storage' ? 'storage' : resource)

/** Whether anything is wished for at all. */
export const isWish = (wish: ResourceWish): boolean => wish.raise !== undefined || wishes.some(([name]) => wish[name] !== undefined)

export async function planResources(
  look: Look,
  writer: ClusterWriter,
  word: string | undefined,
  wish: ResourceWish,
  why: string,
): Promise<Plan> {
  const target = await workloadTarget(look, word)
  const what = named(target.kind, target.name)
  if (target.kind === 'Deployment' && (target.object as Deployment).spec.paused)
    throw new RefusedError(`the rollout of ${what} is paused, so nothing would change`, 'Paused', `task-mcp resume ${what}  first`)
  const { template } = target.object.spec
  const index = containerIndex(target, wish.container, look.settings.service.container)
  const container = template.spec.containers[index]!
  if (!isWish(wish)) throw new UsageError('nothing was said to change', 'task-mcp resources --memory-limit 512Mi, or --raise memory')
  const asked =
    wish.raise === undefined ? wish : { [`${flagOf(wish.raise)}Limit`]: await higher(look, target, container, wish.raise), ...wish }
  const fields = wishes.flatMap(([name, group, resource]): FieldChange[] => {
    const value = asked[name]
    if (value === undefined) return []
    if ((quantity(value) ?? 0) <= 0) throw new UsageError(`"${value}" is no quantity`, 'memory as 256Mi or 1Gi, CPU as 250m or 2')
    return [changeField(target.object, ['spec', 'template', 'spec', 'containers', String(index), 'resources', group, resource], value)]
  })
  const effective = fields.filter((field) => quantity(String(field.from)) !== quantity(String(field.to)))
  const resources = structuredClone(container.resources ?? {})
  for (const field of effective) {
    const [group, resource] = field.path.slice(-2) as ['limits' | 'requests', string]
    resources[group] = { ...resources[group], [resource]: String(field.to) }
  }
  checkOrder(container.name, resources)
  const say = (side: 'from' | 'to') =>
    effective.map((field) => `${field.path.slice(-2).join('.')} ${String(field[side] ?? 'none')}`).join(', ')
  const plan: Plan = {
    ...planBase(look, 'resources', target),
    summary: `set ${effective.map((field) => `${field.path.at(-1)} ${field.path.at(-2)!.replace(/s$/, '')} ${String(field.to)}`).join(', ')} on container ${container.name} of ${what}`,
    from: say('from'),
    to: say('to'),
    why,
    notice: rolloutNotice(target),
    takes: rolloutTime(target),
    undo: 'the limits and requests as they were, by another rollout',
    writes: [
      {
        verb: 'patch',
        kind: target.kind,
        ref: refOf(target),
        metadata: target.object.metadata,
        fields: effective,
        guard: 'generation',
        rollout: true,
      },
    ],
    verification: [{ what: 'rollout', ref: refOf(target), kind: target.kind }],
  }
  if (effective.length === 0)
    return { ...plan, writes: [], summary: `set resources of ${what}`, already: `container ${container.name} of ${what} already has these` }
  const changed = {
    ...template,
    spec: { ...template.spec, containers: template.spec.containers.map((one, at) => (at === index ? { ...container, resources } : one)) },
  }
  plan.gates = await podGates(look, writer, { namespace: target.namespace, workload: target.name, template: changed, makesRoom: true })
  return plan
}

function containerIndex(target: Target, said: string | undefined, settled: string | undefined): number {
  const { containers } = target.object.spec.template.spec
  const name = said ?? settled
  if (name === undefined && containers.length === 1) return 0
  const index = containers.findIndex((container) => container.name === name)
  if (index < 0) {
    throw new UsageError(
      name === undefined
        ? `${named(target.kind, target.name)} has several containers`
        : `${named(target.kind, target.name)} has no container "${name}"`,
      `say --container: ${containers.map((container) => container.name).join(', ')}`,
    )
  }
  return index
}

/** A limit to try when none is said: what an earlier revision had, if that was more, else twice what it is. */
async function higher(look: Look, target: Target, container: Container, resource: Resource): Promise<string> {
  const now = quantity(container.resources?.limits?.[resource])
  if (now === undefined)
    throw new UsageError(
      `container ${container.name} has no ${resource} limit to raise`,
      `say which: task-mcp resources --${flagOf(resource)}-limit ${resource === 'cpu' ? '1' : '512Mi'}`,
    )
  const sets = target.kind === 'Deployment' ? await revisionsOf(look, target.object) : []
  for (const set of sets) {
    const earlier = set.spec.template.spec.containers.find((one) => one.name === container.name)?.resources?.limits?.[resource]
    if (earlier !== undefined && (quantity(earlier) ?? 0) > now) return earlier
  }
  return resource === 'cpu' ? cores(now * 2) : bytes(now * 2)
}

/** The API refuses a request above its limit; said here in words that name both. */
function checkOrder(name: string, resources: NonNullable<Container['resources']>): void {
  for (const resource of ['cpu', 'memory', 'ephemeral-storage'] as const) {
    const [limit, request] = [resources.limits?.[resource], resources.requests?.[resource]]
    if (limit !== undefined && request !== undefined && (quantity(request) ?? 0) > (quantity(limit) ?? 0)) {
      throw new UsageError(
        `container ${name} would request ${request} of ${resource} with a limit of ${limit}`,
        `give --${flagOf(resource)}-request as well`,
      )
    }
  }
}
