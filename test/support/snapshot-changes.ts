/** Changes to a healthy scene, each a phrase: `release({...})`, `dies({ exit: 1 })`, `edited('configmaps', 'kestrel-settings', 5)`. */
import type { Container, Pod, PodSpec } from '../../src/facts/kubernetes/pod.ts'
import type { ResourceName, Resources } from '../../src/facts/kubernetes/resources.ts'
import type { ProbeResult, Snapshot, Unseen } from '../../src/facts/snapshot.ts'
import type { Series } from '../../src/targets/ports.ts'
import { ago, aPod, aSet, type Change, now, podsOf, revisionOf, type Scene, serves, setsOf, space, values, workloadOf } from './snapshot.ts'

/** All pods of the workload, those of the newest revision, those of older ones, or one by its number. */
export type Which = 'all' | 'new' | 'old' | number

export function chosen(scene: Scene, which: Which): Pod[] {
  const pods = podsOf(scene)
  const newest = setsOf(scene)[0]?.metadata.labels?.['pod-template-hash']
  if (typeof which === 'number') return pods.slice(which, which + 1)
  return pods.filter((p) => which === 'all' || (p.metadata.labels?.['pod-template-hash'] === newest) === (which === 'new'))
}

export const pods =
  (which: Which, change: (pod: Pod, index: number) => void): Change =>
  (scene) =>
    chosen(scene, which).forEach(change)

/** Changes the main container of the template, and with it every pod there is: it was always so. */
export const always =
  (change: (spec: PodSpec, main: Container) => void): Change =>
  (scene) => {
    const [newest, ...older] = setsOf(scene)
    for (const spec of [workloadOf(scene).spec.template.spec, newest!.spec.template.spec, ...older.map((r) => r.spec.template.spec)])
      change(spec, spec.containers[0]!)
    for (const pod of podsOf(scene)) {
      change(pod.spec, pod.spec.containers[0]!)
      for (const c of pod.spec.containers)
        if (!pod.status?.containerStatuses?.some((s) => s.name === c.name))
          pod.status?.containerStatuses?.push({
            name: c.name,
            ready: true,
            restartCount: 0,
            state: { running: { startedAt: pod.status.startTime! } },
          })
    }
  }

/** A new revision rolled out; `pods` of the pods (all, when not said) are new ones of it, ready, and serve. */
export const release =
  (
    change: (spec: PodSpec, main: Container) => void,
    { minutes = 10, pods: count = 3, labels = {} as Record<string, string> } = {},
  ): Change =>
  (scene) => {
    const workload = workloadOf(scene)
    const before = setsOf(scene)[0]!
    const of = structuredClone(workload.spec.template)
    change(of.spec, of.spec.containers[0]!)
    of.metadata = { ...of.metadata, labels: { ...of.metadata?.labels, ...labels } }
    const set = aSet('kestrel', revisionOf(before) + 1, of, minutes, count)
    workload.spec.template = of
    workload.metadata.generation = revisionOf(before) + 1
    workload.metadata.managedFields = [{ manager: 'kubectl', operation: 'Update', time: ago(minutes) }]
    before.spec.replicas = 3 - count
    scene.objects.replicasets.push(set)
    const gone = podsOf(scene).slice(0, count)
    scene.objects.pods = scene.objects.pods.filter((p) => !gone.includes(p))
    for (const pod of gone) for (const of of scene.load) if (of.pod === pod.metadata.name) of.to = now - minutes * 60_000
    for (let i = 0; i < count; i++) {
      const pod = aPod(set, minutes)
      scene.objects.pods.unshift(pod)
      serves(scene, pod, now - minutes * 60_000)
    }
  }

const unready = (pod: Pod): void => {
  for (const c of pod.status!.conditions ?? []) if (c.type === 'Ready') c.status = 'False'
}
const silent = (scene: Scene, pod: Pod): void => {
  for (const of of scene.load) if (of.pod === pod.metadata.name) of.to = Math.min(of.to, Math.max(of.from, now - 600_000))
}
const statusOf = (pod: Pod, container: string) =>
  [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find((s) => s.name === container)!

/** Pods run and are not ready. */
export const notReady =
  (which: Which = 'all'): Change =>
  (scene) => {
    for (const pod of chosen(scene, which)) {
      unready(pod)
      silent(scene, pod)
      for (const s of pod.status?.containerStatuses ?? []) s.ready = false
    }
  }

/** A container has never run: the kubelet says why it waits. */
export const waits =
  (reason: string, message: string, which: Which = 'all', container = 'main'): Change =>
  (scene) => {
    for (const pod of chosen(scene, which)) {
      unready(pod)
      silent(scene, pod)
      pod.status!.phase = 'Pending'
      Object.assign(statusOf(pod, container), { ready: false, state: { waiting: { reason, message } } })
    }
  }

interface Death {
  exit: number
  reason?: string
  /** Seconds that the last run lasted. */
  lasted?: number
  restarts?: number
  message?: string
  container?: string
}
/** A container starts and ends, again and again. */
export const dies =
  ({ exit, reason = 'Error', lasted = 2, restarts = 4, message, container = 'main' }: Death, which: Which = 'all'): Change =>
  (scene) => {
    for (const pod of chosen(scene, which)) {
      unready(pod)
      silent(scene, pod)
      const terminated = { exitCode: exit, reason, startedAt: ago(1 + lasted / 60), finishedAt: ago(1), ...(message && { message }) }
      Object.assign(statusOf(pod, container), {
        ready: false,
        restartCount: restarts,
        state: { waiting: { reason: 'CrashLoopBackOff', message: `back-off 40s restarting failed container=${container}` } },
        lastState: { terminated },
      })
    }
  }

/** Pods that the scheduler finds no node for, in its words. */
export const unplaced =
  (message: string, which: Which = 'all'): Change =>
  (scene) => {
    for (const pod of chosen(scene, which)) {
      silent(scene, pod)
      delete pod.spec.nodeName
      pod.status = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] }
    }
  }

/** Pods that the API server refuses to create, in its words; so many of them. */
export const refusedPods =
  (message: string, count = 3, minutes = 5): Change =>
  (scene) => {
    const set = setsOf(scene)[0]!
    const gone = podsOf(scene)
      .filter((p) => p.metadata.ownerReferences?.[0]?.name === set.metadata.name)
      .slice(0, count)
    scene.objects.pods = scene.objects.pods.filter((p) => !gone.includes(p))
    for (const pod of gone) silent(scene, pod)
    set.status = {
      replicas: (set.spec.replicas ?? 0) - count,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime: ago(minutes) }],
    }
  }

/** An event on each of these pods, or on another object. */
export const event =
  (on: Which | { kind: string; name: string }, reason: string, message: string, minutes = 1): Change =>
  (scene) => {
    const objects = typeof on === 'object' ? [on] : chosen(scene, on).map((p) => ({ kind: 'Pod', name: p.metadata.name }))
    for (const { kind, name } of objects)
      scene.objects.events.push({
        metadata: { name: `${name}.${scene.objects.events.length}`, namespace: space },
        involvedObject: { kind, namespace: space, name },
        reason,
        message,
        type: 'Warning',
        count: 5,
        firstTimestamp: ago(minutes + 3),
        lastTimestamp: ago(minutes),
      })
  }

/** Lines in the logs of pods, a second apart, the last so many minutes ago. */
export const logs =
  (which: Which, lines: readonly string[], { previous = false, minutes = 0.2, container = 'main' } = {}): Change =>
  (scene) => {
    for (const pod of chosen(scene, which))
      scene.logs.push({
        pod: pod.metadata.name,
        container,
        previous,
        truncated: false,
        lines: lines.map((text, i) => ({ time: ago(minutes + (lines.length - 1 - i) / 60), text })),
      })
  }

type Answer = number | 'refused' | 'timeout'
const result = (answer: Answer, body: string): ProbeResult['result'] =>
  typeof answer === 'number'
    ? { state: 'ok', value: { status: answer, seconds: 0.01, body } }
    : {
        state: 'unreachable',
        reason: answer === 'refused' ? 'dial tcp 10.2.0.4: connect: connection refused' : 'context deadline exceeded',
      }

/** What pods answer when asked over HTTP. */
export const answers =
  (which: Which, path: string, answer: Answer, body = '', port = 8081): Change =>
  (scene) => {
    for (const pod of chosen(scene, which))
      scene.probes.push({
        hop: 'pod',
        name: pod.metadata.name,
        port,
        path,
        purpose: path === '/alive' ? 'live' : 'ready',
        result: result(answer, body),
      })
  }

/** A share of the requests to these pods fails since so many minutes. */
export const fails =
  (share: number, which: Which = 'all', { minutes = 30, status = '500' } = {}): Change =>
  (scene) => {
    const names = new Set(chosen(scene, which).map((p) => p.metadata.name))
    for (const of of scene.load) if (names.has(of.pod)) of.failing.push({ share, since: now - minutes * 60_000, status })
  }

/** So many requests in two minutes for each of these pods. */
export const serving =
  (per2min: number, which: Which = 'all'): Change =>
  (scene) => {
    const names = new Set(chosen(scene, which).map((p) => p.metadata.name))
    for (const of of scene.load) if (names.has(of.pod)) of.per2min = per2min
  }

export const put =
  <K extends ResourceName>(kind: K, object: Resources[K]): Change =>
  (scene) => {
    object = structuredClone(object)
    object.metadata.namespace ??= ['nodes', 'namespaces'].includes(kind) ? undefined : space
    object.metadata.creationTimestamp ??= ago(5000)
    object.metadata.uid ??= `uid-${object.metadata.name}`
    scene.objects[kind].push(object)
  }

export const gone =
  (kind: ResourceName, name: string): Change =>
  (scene) => {
    scene.objects[kind] = (scene.objects[kind] as { metadata: { name: string } }[]).filter((o) => o.metadata.name !== name) as never
  }

export const change =
  <K extends ResourceName>(kind: K, name: string, alter: (object: Resources[K]) => void): Change =>
  (scene) => {
    const object = (scene.objects[kind] as Resources[K][]).find((o) => o.metadata.name === name)
    if (!object) throw new Error(`the scene has no ${kind} ${name}`)
    alter(object)
  }

/** Somebody wrote the object so many minutes ago. */
export const edited = (kind: ResourceName, name: string, minutes: number, by = 'kubectl-edit'): Change =>
  change(kind, name, (object) => {
    const entry = { manager: by, operation: 'Update', time: ago(minutes), fieldsV1: object.metadata.managedFields?.[0]?.fieldsV1 ?? {} }
    object.metadata.managedFields = [...(object.metadata.managedFields ?? []), entry]
  })

/** The workload itself. */
export const workload = (alter: (deployment: Resources['deployments']) => void): Change => change('deployments', 'kestrel', alter)

/** Pods were started again so many minutes ago, of the same revision. */
export const startedAgain =
  (minutes: number, which: Which = 'all'): Change =>
  (scene) => {
    for (const pod of chosen(scene, which)) {
      pod.metadata.creationTimestamp = ago(minutes)
      pod.status!.startTime = ago(minutes)
      for (const s of pod.status!.containerStatuses ?? []) if (s.state?.running) s.state.running.startedAt = ago(minutes)
    }
  }

/** No pod is left. */
export const noPods: Change = (scene) => {
  for (const pod of podsOf(scene)) silent(scene, pod)
  scene.objects.pods = scene.objects.pods.filter((p) => p.metadata.labels?.app !== 'kestrel')
}

export const unseen =
  (kind: ResourceName, state: Unseen['state'] = 'denied'): Change =>
  (scene) => {
    scene.unseen[kind] = { state, reason: `${kind}: ${state}` }
  }

export const part =
  <K extends keyof Snapshot>(name: K, value: Snapshot[K]): Change =>
  (scene) => {
    scene.parts[name] = value
  }

/** Prometheus answers nothing. */
export const withoutPrometheus: Change = (scene) => {
  const away: Unseen = { state: 'unreachable', reason: 'Prometheus did not answer' }
  Object.assign(scene.parts, { instant: away, ranges: away, sources: { prometheus: undefined, alertmanager: undefined } })
}

/** A value of a metric for each of these pods, by our name for the query. */
export const measured =
  (query: string, value: number, which: Which = 'all', more: Record<string, string> = {}): Change =>
  (scene) => {
    const picked = new Set(chosen(scene, which).map((p) => p.metadata.name))
    const row = (name: string, v: number): Series[] => values([{ pod: name, ...more }, v])
    const kept = (scene.instant[query] ?? []).filter(
      (s) => !picked.has(s.labels.pod ?? '') || Object.entries(more).some(([k, v]) => s.labels[k] !== v),
    )
    scene.instant[query] = [...kept, ...[...picked].flatMap((name) => row(name, value))]
  }

/** A metric of something other than a pod. */
export const metric =
  (query: string, ...rows: [Record<string, string>, number][]): Change =>
  (scene) => {
    scene.instant[query] = values(...rows)
  }

/** Memory of pods over half an hour, in MiB, from its first value to its last on a straight line. */
export const memory =
  (from: number, to: number, which: Which = 'all'): Change =>
  (scene) => {
    for (const pod of chosen(scene, which)) {
      const points = Array.from({ length: 181 }, (_, i): [number, number] => [
        now / 1000 - 1800 + i * 10,
        (from + ((to - from) * i) / 180) * 2 ** 20,
      ])
      scene.ranges.memory = [...(scene.ranges.memory ?? []), { labels: { pod: pod.metadata.name }, points }]
    }
    measured('memory', to * 2 ** 20, which)(scene)
  }

/** Values of a range query over the last hour, every fifteen seconds: one series for each set of labels, from minutes ago to a value. */
export const over =
  (query: string, labels: Record<string, string>, value: (minutesAgo: number) => number): Change =>
  (scene) => {
    const points = Array.from({ length: 241 }, (_, i): [number, number] => [now / 1000 - 3600 + i * 15, value(60 - i / 4)])
    const others = (scene.ranges[query] ?? []).filter((s) => JSON.stringify(s.labels) !== JSON.stringify(labels))
    scene.ranges[query] = [...others, { labels, points }]
  }

/** Further requests to every pod since so many minutes: so many in two minutes, a share of which fails. */
export const further =
  (per2min: number, minutes: number, failing: number, status = '503'): Change =>
  (scene) => {
    for (const pod of podsOf(scene))
      scene.load.push({
        pod: pod.metadata.name,
        from: now - minutes * 60_000,
        to: Number.POSITIVE_INFINITY,
        per2min,
        failing: failing > 0 ? [{ share: failing, since: 0, status }] : [],
      })
  }

/** Counts of bad and all events by window, for one promise of the service. */
export const budget =
  (name: string, windows: Record<string, [bad: number, total: number]>, recordedMinutes = 43_200): Change =>
  (scene) => {
    const known = scene.parts.slo?.state === 'ok' ? scene.parts.slo.value.counts : {}
    scene.parts.slo = {
      state: 'ok',
      value: {
        where: 'watch/metrics through the API server',
        at: now / 1000,
        window: { kind: 'rolling', timeZone: undefined, start: now / 1000 - 2_592_000, end: now / 1000, elapsed: 2_592_000 },
        source: 'raw',
        counts: {
          ...known,
          [name]: {
            windows: Object.fromEntries(Object.entries(windows).map(([window, [bad, total]]) => [window, { bad, total }])),
            hours: [],
            recordedMinutes,
            by: undefined,
            raw: false,
            loadedTarget: undefined,
          },
        },
        deploys: [],
        incidents: [],
        warnings: [],
        notSeen: [],
      },
    }
  }
