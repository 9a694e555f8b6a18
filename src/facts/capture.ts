/** Takes what is known of pods into a spool: logs, metrics, profiles, heap snapshots. Each thing that cannot be got is written down with why. */
import type { Settings } from '../settings.ts'
import type { Cluster, Downloads } from '../targets/ports.ts'
import { type DebugAccess, fetchDebug } from './capture-debug.ts'
import { logText } from './capture-log.ts'
import { type CapturedFile, type CapturedWhat, type NotTaken, type ProfileKind, pathPart } from './capture-manifest.ts'
import { takeMetrics } from './capture-metrics.ts'
import type { Label, Spool } from './capture-spool.ts'
import type { Pod } from './kubernetes/pod.ts'
import { part } from './part.ts'
import { snapshotText } from './record.ts'
import type { Snapshot } from './snapshot.ts'

export interface CaptureRequest {
  pods: readonly Pod[]
  profiles: readonly ProfileKind[]
  /** Seconds that each profile samples. */
  seconds: number
  heapSnapshot: boolean
  debug: DebugAccess
}

export interface CaptureDeps {
  cluster: Cluster
  downloads: () => Promise<Downloads>
  spool: Spool
  /** Ends what is still being taken; what was taken stays. */
  deadline: AbortSignal
  /** Aborts when the user interrupts: then all is given up. */
  interrupted: AbortSignal
  /** Says what is being done now. */
  tell: (line: string) => void
}

/** Lines and bytes of one container's log: enough for the last hours of a busy service. */
const logLines = 20_000
const logBytes = 16 * 1024 * 1024

/** Takes everything asked for. Throws only when the user interrupts; gives what could not be taken. */
export async function takeAll(snapshot: Snapshot, settings: Settings, request: CaptureRequest, deps: CaptureDeps): Promise<NotTaken[]> {
  const notTaken: NotTaken[] = []
  const signal = AbortSignal.any([deps.deadline, deps.interrupted])
  const attempt = async (what: CapturedWhat, from: string, take: () => Promise<unknown>): Promise<void> => {
    if (deps.deadline.aborted) {
      notTaken.push({ what, from, why: 'there was no time left for it', next: 'give it more time with --timeout' })
      return
    }
    const taken = await part(take, deps.interrupted)
    if (taken.state !== 'ok') notTaken.push({ what, from, why: taken.reason, ...(taken.next === undefined ? {} : { next: taken.next }) })
  }
  const text = (label: Label, content: string): Promise<CapturedFile> => deps.spool.takeText(label, content)

  await attempt('snapshot', 'the cluster', () =>
    text(
      { path: 'snapshot.json', what: 'snapshot', from: 'the cluster, the metrics and the service', redacted: true },
      snapshotText(snapshot),
    ),
  )
  await takeObjects(snapshot, text, attempt, notTaken)
  deps.tell(`logs and metrics of ${request.pods.length === 1 ? `pod ${request.pods[0]!.metadata.name}` : `${request.pods.length} pods`}`)
  const known = new Set(request.pods.map((pod) => pod.metadata.name))
  for (const pod of request.pods) {
    for (const { container, previous } of containersOf(pod)) {
      const from = `pod/${pod.metadata.name} container ${container}${previous ? ', before its last restart' : ''}`
      await attempt('log', from, async () => {
        const query = {
          namespace: pod.metadata.namespace ?? '',
          pod: pod.metadata.name,
          container,
          previous,
          tailLines: logLines,
          limitBytes: logBytes,
        }
        const raw = await deps.cluster.logs(query, signal)
        const path = `logs/${pathPart(pod.metadata.name)}/${pathPart(container)}${previous ? '.previous' : ''}.log`
        const cutOff = raw.length >= logBytes || raw.split('\n').length > logLines
        await text(
          { path, what: 'log', from, pod: pod.metadata.name, redacted: true, ...(cutOff ? { truncated: true } : {}) },
          logText(raw, known),
        )
      })
    }
    if (isRunning(pod)) await attempt('metrics', `pod/${pod.metadata.name}`, () => takeMetrics(pod, settings, request.debug, deps, signal))
  }
  await takeProfiles(settings, request, deps, attempt, signal)
  return notTaken
}

type TakeText = (label: Label, content: string) => Promise<CapturedFile>
type Attempt = (what: CapturedWhat, from: string, take: () => Promise<unknown>) => Promise<void>

/** The objects of the snapshot, one file a kind, for people and other tools; they were redacted when they were read. */
async function takeObjects(snapshot: Snapshot, text: TakeText, attempt: Attempt, notTaken: NotTaken[]): Promise<void> {
  for (const [resource, seen] of Object.entries(snapshot.cluster).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const what = resource === 'events' ? 'events' : 'objects'
    if (seen.state !== 'ok') {
      if (seen.state === 'denied')
        notTaken.push({ what, from: resource, why: seen.reason, ...(seen.next === undefined ? {} : { next: seen.next }) })
      continue
    }
    if (seen.value.length === 0) continue
    const path = what === 'events' ? 'events.json' : `objects/${resource}.json`
    const cutOff = seen.truncated ? { truncated: true } : {}
    await attempt(what, resource, () =>
      text({ path, what, from: resource, redacted: true, ...cutOff }, `${JSON.stringify(seen.value, null, 1)}\n`),
    )
  }
}

/** Profiles of all pods side by side, a few at a time; of one pod, one after another, as a process can take only one at once. */
async function takeProfiles(
  settings: Settings,
  request: CaptureRequest,
  deps: CaptureDeps,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const pods = request.pods.filter(isRunning)
  if (pods.length === 0 || (request.profiles.length === 0 && !request.heapSnapshot)) return
  const downloads = await deps.downloads()
  for (let at = 0; at < pods.length; at += sideBySide) {
    await Promise.all(
      pods.slice(at, at + sideBySide).map(async (pod) => {
        const { name } = pod.metadata
        for (const profile of request.profiles)
          await attempt('profile', `pod/${name} ${profile}`, async () => {
            deps.tell(`${profile} profile of pod ${name}, ${request.seconds} s`)
            const page = `${profile === 'cpu' ? 'profile' : profile}?seconds=${request.seconds}`
            const body = await fetchDebug(downloads, pod, settings, request.debug, `/debug/pprof/${page}`, signal)
            const label: Label = {
              path: `profiles/${pathPart(name)}.${profile}.pb.gz`,
              what: 'profile',
              from: `pod/${name} /debug/pprof/${page}`,
              pod: name,
              profile,
              redacted: false,
            }
            await deps.spool.take(label, body)
          })
      }),
    )
  }
  // Last, because they stop the process: what came before is not disturbed by them.
  if (!request.heapSnapshot) return
  for (const pod of pods) {
    const { name } = pod.metadata
    await attempt('heap-snapshot', `pod/${name}`, async () => {
      deps.tell(`heap snapshot of pod ${name}${memoryLimit(pod)}: it answers nobody meanwhile`)
      const body = await fetchDebug(downloads, pod, settings, request.debug, '/debug/pprof/heapsnapshot', signal)
      const label: Label = {
        path: `heap/${pathPart(name)}.heapsnapshot`,
        what: 'heap-snapshot',
        from: `pod/${name} /debug/pprof/heapsnapshot`,
        pod: name,
        redacted: false,
      }
      await deps.spool.take(label, body)
    })
  }
}

const sideBySide = 4

/** What a snapshot has to fit below, for whoever watches. */
const memoryLimit = (pod: Pod): string => {
  const limits = pod.spec.containers.flatMap((container) => container.resources?.limits?.memory ?? [])
  return limits.length === 0 ? '' : ` (memory limit ${limits.join(', ')})`
}

const isRunning = (pod: Pod): boolean => (pod.status?.containerStatuses ?? []).some((status) => status.state?.running !== undefined)

/** Containers that have written a log, and those that have one from before their last restart. */
function containersOf(pod: Pod): { container: string; previous: boolean }[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return statuses.flatMap(({ name, state, lastState, restartCount }) => [
    ...(restartCount > 0 && lastState?.terminated ? [{ container: name, previous: true }] : []),
    ...(state?.running || state?.terminated ? [{ container: name, previous: false }] : []),
  ])
}
