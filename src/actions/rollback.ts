/** Rollback: the template of an earlier revision, as `kubectl rollout undo` puts it back, of the newest one that can still start. */

import { createHash, randomBytes } from 'node:crypto'
import { changeText, material, type TemplateChange, templateDiff } from '../diagnosis/template-diff.ts'
import { RefusedError, UsageError } from '../errors.ts'
import type { PodTemplate } from '../facts/kubernetes/pod.ts'
import type { ControllerRevision, Deployment, ReplicaSet } from '../facts/kubernetes/workload.ts'
import { redactSpec } from '../facts/redact.ts'
import type { ClusterWriter } from '../targets/ports.ts'
import { changeField, equal } from './fields.ts'
import { type Look, planBase, revisionNumber, revisionsOf, type Target, workloadTarget } from './look.ts'
import { named, type Plan } from './plan.ts'
import { podGates } from './pod-gate.ts'
import { checkReferences } from './references.ts'
import { refOf } from './restart.ts'
import { rolloutNotice, rolloutTime } from './rollout-words.ts'
import { withoutHash } from './template.ts'

interface Revision {
  number: number
  /** The object that keeps it: a ReplicaSet or a ControllerRevision. */
  keeper: string
  template: PodTemplate
  /** Pods of it that are available now. */
  available: number
}

/** Roll a workload back to revision `to`, or to the newest earlier one that has all it refers to. */
export async function planRollback(
  look: Look,
  writer: ClusterWriter,
  word: string | undefined,
  to: number | undefined,
  why: string,
): Promise<Plan> {
  const target = await workloadTarget(look, word)
  const what = named(target.kind, target.name)
  const { template } = target.object.spec
  if (target.kind === 'Deployment' && (target.object as Deployment).spec.paused) {
    throw new RefusedError(`the rollout of ${what} is paused, so nothing would be rolled back`, 'Paused', `task-mcp resume ${what}  first`)
  }
  const revisions =
    target.kind === 'Deployment' ? deploymentRevisions(await revisionsOf(look, target.object)) : await controllerRevisions(look, target)
  const current = revisions.find((revision) => equal(revision.template, template)) ?? revisions[0]
  const base = planBase(look, 'rollback', target)
  if (to !== undefined && current?.number === to)
    return {
      ...emptyPlan(base, target, why),
      summary: `roll back ${what} to revision ${to}`,
      already: `${what} is already on revision ${to}`,
    }
  const { chosen, passed } = await choose(
    look,
    target,
    revisions.filter((revision) => revision !== current),
    to,
    what,
  )
  const changes = templateDiff(masked(template), masked(chosen.template))
  const plan: Plan = {
    ...emptyPlan(base, target, why),
    summary: `roll back ${what} from revision ${current?.number ?? '?'} to ${chosen.number}`,
    from: `revision ${current?.number ?? '?'}`,
    to: `revision ${chosen.number}: ${material(changes).map(changeWords).join(', ') || 'nothing that reaches the program'}`,
    undo: `back to revision ${current?.number ?? '?'}, whose template is kept in ${target.kind === 'Deployment' ? 'replicaset' : 'controllerrevision'}/${current?.keeper ?? '?'}`,
    writes: [
      {
        verb: 'patch',
        kind: target.kind,
        ref: refOf(target),
        metadata: target.object.metadata,
        fields: [changeField(target.object, ['spec', 'template'], chosen.template)],
        guard: 'generation',
        rollout: true,
        ...(current === undefined ? {} : { keepers: { from: current.keeper, to: chosen.keeper } }),
      },
    ],
    verification: [{ what: 'rollout', ref: refOf(target), kind: target.kind }],
    gates: await podGates(look, writer, { namespace: target.namespace, workload: target.name, template: chosen.template, makesRoom: true }),
  }
  for (const { number, missing } of passed) plan.warnings.push(`revision ${number} was passed over: ${missing.join('; ')}`)
  if (chosen.available === 0) plan.warnings.push(`no pod of revision ${chosen.number} is running now, so nothing shows that it works today`)
  if (changes.some((change) => change.field === 'image'))
    plan.warnings.push('the image changes: if the newer release migrated data, the older one must be able to read it')
  if (material(changes).length === 0)
    plan.objections.push({
      code: 'config_change',
      why: `revision ${chosen.number} differs in nothing that reaches the program: rolling back would only restart the pods`,
    })
  return plan
}

/** A template whose values tell equal from different and nothing else. */
const masked = (template: PodTemplate): PodTemplate => ({
  ...template,
  spec: redactSpec(template.spec, (value) => `${hidden}${createHash('sha256').update(salt).update(value).digest('hex')}`),
})

const hidden = '(hidden)'
const salt = randomBytes(16)

const changeWords = (change: TemplateChange): string =>
  change.from?.startsWith(hidden) || change.to?.startsWith(hidden)
    ? `${change.field} ${change.name ?? ''} ${change.to === undefined ? 'removed' : change.from === undefined ? 'added' : 'changed'}`
    : changeText(change)

const emptyPlan = (base: ReturnType<typeof planBase>, target: Target, why: string): Plan => ({
  ...base,
  summary: '',
  from: '',
  to: '',
  undo: '',
  why,
  notice: rolloutNotice(target),
  takes: rolloutTime(target),
})

const deploymentRevisions = (sets: readonly ReplicaSet[]): Revision[] =>
  sets.map((set) => ({
    number: revisionNumber(set),
    keeper: set.metadata.name,
    template: withoutHash(set.spec.template),
    available: set.status?.availableReplicas ?? 0,
  }))

async function controllerRevisions(look: Look, target: Target): Promise<Revision[]> {
  const { items } = await look.cluster.list('controllerrevisions', { namespace: target.namespace }, look.signal)
  return (items as (ControllerRevision & { data?: { spec?: { template?: PodTemplate & { $patch?: string } } } })[])
    .filter((revision) => revision.metadata.ownerReferences?.some((owner) => owner.uid === target.object.metadata.uid))
    .sort((a, b) => (b.revision ?? 0) - (a.revision ?? 0))
    .flatMap((revision) => {
      if (revision.data?.spec?.template === undefined) return []
      const { $patch: _, ...template } = revision.data.spec.template
      return [{ number: revision.revision ?? 0, keeper: revision.metadata.name, template, available: 0 }]
    })
}

/** Of the earlier revisions: the one asked for, else the newest that is running, else the newest, in each case with all it refers to. */
async function choose(
  look: Look,
  target: Target,
  earlier: readonly Revision[],
  to: number | undefined,
  what: string,
): Promise<{ chosen: Revision; passed: { number: number; missing: string[] }[] }> {
  const asked = to === undefined ? earlier : earlier.filter((revision) => revision.number === to)
  if (asked.length === 0) {
    const have = earlier.map((revision) => revision.number).join(', ')
    throw new UsageError(
      to === undefined ? `${what} has no earlier revision` : `${what} has no revision ${to}`,
      have === '' ? 'its history holds nothing else: fix the template instead' : `it has ${have}`,
    )
  }
  const passed: { number: number; missing: string[] }[] = []
  const ordered = [...asked.filter((revision) => revision.available > 0), ...asked.filter((revision) => revision.available === 0)]
  for (const revision of ordered) {
    const { missing } = await checkReferences(look, target.namespace, revision.template)
    if (missing.length === 0) return { chosen: revision, passed }
    passed.push({ number: revision.number, missing })
  }
  throw new RefusedError(
    `no earlier revision of ${what} could start: ${passed.map(({ number, missing }) => `${number}: ${missing.join('; ')}`).join(' / ')}`,
    'MissingReferences',
    'put back what is missing first',
  )
}
