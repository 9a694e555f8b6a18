/** When the service was deployed, from the rollout history that the cluster keeps: ReplicaSets, or revisions of a StatefulSet or DaemonSet. */
import { AbsentError } from '../errors.ts'
import type { ServiceSettings } from '../settings.ts'
import type { Moment } from '../slo/seen.ts'
import type { Cluster } from '../targets/ports.ts'
import type { KubeObject } from './kubernetes/object.ts'
import type { ControllerRevision, ReplicaSet } from './kubernetes/workload.ts'
import { part } from './part.ts'
import type { Part } from './snapshot.ts'

/** The rest of a budget is not kept waiting for a cluster that does not answer. */
const longestMs = 2000

/**
 * Every revision that is still kept, oldest first, at the time it was made. A rollback reuses an old one and shows as its
 * first rollout. Without access to the cluster the part says why.
 */
export function gatherDeploys(
  cluster: () => Promise<Cluster>,
  service: ServiceSettings,
  interrupted: AbortSignal,
): Promise<Part<Moment[]>> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(longestMs)])
  return part(async () => {
    const open = await cluster()
    const { namespace, kind, workload } = service
    const owned = ({ metadata }: KubeObject) => metadata.ownerReferences?.some((owner) => owner.kind === kind && owner.name === workload)
    const kept =
      kind === 'Deployment'
        ? (await open.list('replicasets', { namespace }, signal)).items.filter(owned).map(ofReplicaSet)
        : (await open.list('controllerrevisions', { namespace }, signal)).items.filter(owned).map(ofRevision)
    if (kept.length === 0) throw new AbsentError(`no revision of ${kind} ${namespace}/${workload} is kept`)
    return kept.filter(({ at }) => Number.isFinite(at)).sort((a, b) => a.at - b.at)
  }, interrupted)
}

function ofReplicaSet({ metadata, spec }: ReplicaSet): Moment {
  const revision = metadata.annotations?.['deployment.kubernetes.io/revision']
  const images = spec.template?.spec.containers.map(({ image }) => image?.split('/').at(-1)).filter(Boolean) ?? []
  return { at: seconds(metadata.creationTimestamp), name: [`revision ${revision ?? '?'}`, ...images].join(', ') }
}

function ofRevision({ metadata, revision }: ControllerRevision): Moment {
  return { at: seconds(metadata.creationTimestamp), name: `revision ${revision}` }
}

const seconds = (time: string | undefined): number => (time === undefined ? Number.NaN : Date.parse(time) / 1000)

/** Deploys by version and by revision as one list: a version first seen around a revision's start is that revision's. */
export function sameDeploys(revisions: readonly Moment[], versions: readonly Moment[]): Moment[] {
  const near = (revision: Moment) => versions.find(({ at }) => at >= revision.at - 300 && at <= revision.at + 900)
  const named = revisions.map((revision) => {
    const version = near(revision)
    return version ? { ...revision, name: `${version.name} (${revision.name})` } : revision
  })
  const told = new Set(revisions.map(near))
  return [...named, ...versions.filter((version) => !told.has(version))].sort((a, b) => a.at - b.at)
}
