/** Whether a change has come true: the rollout finished, pods ready, endpoints there, and so for a while. */

import type { Clock } from '../context.ts'
import { selects } from '../diagnosis/selectors.ts'
import { AbsentError, ExpectedError, UnreachableError } from '../errors.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import type { DaemonSet, Deployment, StatefulSet } from '../facts/kubernetes/workload.ts'
import { podsOf, seenIn } from './live-settings.ts'
import { type AnyWorkload, type Look, listed } from './look.ts'
import type { Verification } from './plan.ts'

/** How long what was waited for must stay so before it is believed, in milliseconds. */
const steady = 5000
const interval = 1000

export interface Verified {
  ok: boolean
  said: string
  /** Seconds until it held. */
  seconds: number
}

interface State {
  holds: boolean
  /** It will not come true by waiting. */
  hopeless?: boolean
  /** It has come true, and something that it replaced is not over yet: worth waiting for, and no failure when it takes longer. */
  lingers?: boolean
  said: string
}

/** Wait until everything holds and keeps holding, at most `seconds`. A short outage of the API server is waited through. `progress` hears each new state. */
export async function verify(
  look: Look,
  verifications: readonly Verification[],
  clock: Clock,
  seconds: number,
  progress: (said: string) => void,
): Promise<Verified> {
  const started = clock.now()
  const end = started + seconds * 1000
  let since: number | undefined
  let last = ''
  for (;;) {
    const states = await Promise.all(verifications.map((one) => stateOf(look, one)))
    const said = states.map((state) => state.said).join('; ')
    if (said !== last) progress(said)
    last = said
    const now = clock.now()
    since = states.every((state) => state.holds) ? (since ?? now) : undefined
    const over = !states.some((state) => state.lingers)
    if (since !== undefined && (verifications.length === 0 || (now - since >= steady && (over || now >= end))))
      return { ok: true, said, seconds: (since - started) / 1000 }
    if (states.some((state) => state.hopeless) || now >= end) return { ok: false, said, seconds: (now - started) / 1000 }
    await clock.sleep(interval, look.signal)
  }
}

async function stateOf(look: Look, verification: Verification): Promise<State> {
  try {
    if (verification.what === 'endpoints') return await endpoints(look, verification)
    if (verification.what === 'setting') return await settingInForce(look, verification)
    if (verification.what === 'gone') return await gone(look, verification)
    const workload = (await look.cluster.get(
      verification.ref.resource,
      { namespace: verification.ref.namespace, name: verification.ref.name },
      look.signal,
    )) as AnyWorkload
    const state = rolloutState(verification.kind, workload, verification.what === 'stopped')
    const least = verification.what === 'rollout' ? (verification.atLeast ?? 0) : 0
    if (least > ((workload as Deployment).spec.replicas ?? 1))
      return { holds: false, said: `${state.said}; the autoscaler has not asked for ${least} yet` }
    if (!state.holds) return { ...state, said: `${state.said}${await trouble(look, workload)}` }
    const ending = verification.what === 'rollout' && verification.drained ? await endingPods(look, workload) : 0
    return ending === 0
      ? state
      : {
          ...state,
          lingers: true,
          said: `${state.said}; ${ending} old pod${ending === 1 ? ' still ends its' : 's still end their'} requests and streams`,
        }
  } catch (error) {
    if (error instanceof UnreachableError && !look.signal.aborted) return { holds: false, said: error.message }
    throw error
  }
}

/** How far a workload is, from its own status. */
export function rolloutState(kind: string, workload: AnyWorkload, stopped = false): State {
  const { generation = 0 } = workload.metadata
  const name = workload.metadata.name
  const seen = (workload.status?.observedGeneration ?? 0) >= generation
  if (kind === 'DaemonSet') {
    const {
      desiredNumberScheduled: wanted = 0,
      numberReady: ready = 0,
      updatedNumberScheduled: updated = 0,
    } = (workload as DaemonSet).status ?? {}
    return { holds: seen && updated === wanted && ready === wanted, said: `${name}: ${ready} of ${wanted} pods ready, ${updated} new` }
  }
  const { replicas: wanted = 1 } = (workload as Deployment).spec
  const status = (workload as Deployment | StatefulSet).status ?? {}
  const { replicas = 0, readyReplicas: ready = 0 } = status
  if (stopped) return { holds: seen && replicas === 0, said: `${name}: ${replicas} pods left` }
  const updated = kind === 'StatefulSet' && !(workload as StatefulSet).status?.updateRevision ? replicas : (status.updatedReplicas ?? 0)
  const late =
    kind === 'Deployment' &&
    seen &&
    (workload as Deployment).status?.conditions?.some(
      (condition) => condition.type === 'Progressing' && condition.reason === 'ProgressDeadlineExceeded',
    )
  const holds = seen && updated === wanted && ready === wanted && replicas === wanted
  return {
    holds,
    hopeless: late === true && !holds,
    said: `${name}: ${ready} of ${wanted} pods ready, ${updated} of the new revision${late && !holds ? ', past its progress deadline' : ''}`,
  }
}

/** Pods of a workload that were told to stop and have not; a status counts them no more. */
async function endingPods(look: Look, workload: AnyWorkload): Promise<number> {
  const pods = await listed(look, 'pods', { namespace: workload.metadata.namespace })
  return (pods ?? []).filter(({ metadata }) => metadata.deletionTimestamp !== undefined && selects(workload.spec.selector, metadata.labels))
    .length
}

/** Why pods are not ready, in their own words. */
async function trouble(look: Look, workload: AnyWorkload): Promise<string> {
  const pods = await look.cluster.list('pods', { namespace: workload.metadata.namespace }, look.signal).catch((error: unknown) => {
    if (error instanceof ExpectedError && !look.signal.aborted) return { items: [] as Pod[] }
    throw error
  })
  const reasons = pods.items
    .filter((pod) => selects(workload.spec.selector, pod.metadata.labels) && !pod.metadata.deletionTimestamp)
    .flatMap((pod) =>
      [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].flatMap(
        (container) => container.state?.waiting?.reason ?? [],
      ),
    )
    .filter((reason) => reason !== 'ContainerCreating' && reason !== 'PodInitializing')
  return reasons.length === 0 ? '' : ` (${[...new Set(reasons)].join(', ')})`
}

async function endpoints(look: Look, { namespace, service, port, path }: Extract<Verification, { what: 'endpoints' }>): Promise<State> {
  const slices = await look.cluster.list(
    'endpointslices',
    { namespace, labelSelector: `kubernetes.io/service-name=${service}` },
    look.signal,
  )
  const ready = slices.items.flatMap((slice) => slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false).length
  if (ready === 0) return { holds: false, said: `service/${service}: no endpoint is ready` }
  try {
    const answer = await look.cluster.proxy({ namespace, kind: 'services', name: service, port, path, limitBytes: 1000 }, look.signal)
    return {
      holds: answer.status < 500,
      said: `service/${service}: ${ready} endpoint${ready === 1 ? '' : 's'} ready, ${path} answers ${answer.status}`,
    }
  } catch (error) {
    if (!(error instanceof ExpectedError) || look.signal.aborted) throw error
    const denied = error.exitCode === 4
    return {
      holds: denied,
      said: `service/${service}: ${ready} endpoints ready; ${denied ? 'whether they answer could not be asked' : error.message}`,
    }
  }
}

async function settingInForce(
  look: Look,
  { workload, setting, wanted, before }: Extract<Verification, { what: 'setting' }>,
): Promise<State> {
  const object = (await look.cluster.get(
    workload.resource,
    { namespace: workload.namespace, name: workload.name },
    look.signal,
  )) as AnyWorkload
  const target = { kind: object.kind ?? '', resource: workload.resource, namespace: workload.namespace ?? '', name: workload.name, object }
  const pods = (await podsOf(look, target)).filter((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  )
  const seen = await Promise.all(pods.map((pod) => seenIn(look, pod, setting)))
  const inForce = seen.filter(({ pod, value, hash }) => {
    const was = before.find((one) => one.pod === pod)?.hash
    return value === wanted && (was === undefined || was !== hash)
  })
  const unseen = seen.find((one) => one.unseen !== undefined)?.unseen
  const mute = seen.some((one) => one.unseen === undefined && one.value === undefined)
  const refused = seen.reduce((sum, one) => sum + (one.refused ?? 0), 0)
  return {
    holds: pods.length > 0 && inForce.length === pods.length,
    said: `${setting}: ${wanted} in force on ${inForce.length} of ${pods.length} pods${setting.startsWith('blocked-') ? `, ${refused} requests refused by the list so far` : ''}${
      unseen === undefined ? '' : ` (${unseen})`
    }${mute ? ' (this version of the server does not show its settings)' : ''}`,
  }
}

async function gone(look: Look, { ref, uid, workload }: Extract<Verification, { what: 'gone' }>): Promise<State> {
  try {
    const now = await look.cluster.get(ref.resource, { namespace: ref.namespace, name: ref.name }, look.signal)
    if (now.metadata.uid === uid) return { holds: false, said: `pod/${ref.name} is still ending` }
  } catch (error) {
    if (!(error instanceof AbsentError)) throw error
  }
  if (workload === undefined) return { holds: true, said: `pod/${ref.name} is gone` }
  const owner = (await look.cluster.get(
    workload.resource,
    { namespace: workload.namespace, name: workload.name },
    look.signal,
  )) as AnyWorkload
  const { replicas: wanted = 1 } = (owner as Deployment).spec
  const { readyReplicas: ready = 0 } = (owner as Deployment).status ?? {}
  return { holds: ready >= wanted, said: `pod/${ref.name} is gone, ${ready} of ${wanted} pods ready` }
}
