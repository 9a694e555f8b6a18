/** Secrets, ConfigMaps and keys that a pod names and that are not there. */
import type { Pod, PodSpec, Volume } from '../../facts/kubernetes/pod.ts'
import { find, sees } from '../../facts/lookup.ts'
import { keysOf, recentDiff } from '../changes.ts'
import { type Claim, eventEvidence, type Family, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { failing } from '../start-failure.ts'
import { earliest } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { eventsOf, podIsReady, type View } from '../view.ts'

export interface Reference {
  kind: 'Secret' | 'ConfigMap'
  name: string
  key: string | undefined
  where: string
}

/** Every Secret and ConfigMap (and key) that a pod cannot start without; optional ones are left out. */
export function references(spec: PodSpec): Reference[] {
  const found: Reference[] = []
  const add = (
    kind: Reference['kind'],
    name: string | undefined,
    optional: boolean | undefined,
    keys: (string | undefined)[],
    where: string,
  ): void => {
    if (name && !optional) for (const key of keys.length ? keys : [undefined]) found.push({ kind, name, key, where })
  }
  for (const c of [...(spec.initContainers ?? []), ...spec.containers]) {
    for (const e of c.env ?? []) {
      add(
        'ConfigMap',
        e.valueFrom?.configMapKeyRef?.name,
        e.valueFrom?.configMapKeyRef?.optional,
        [e.valueFrom?.configMapKeyRef?.key],
        `env ${e.name}`,
      )
      add('Secret', e.valueFrom?.secretKeyRef?.name, e.valueFrom?.secretKeyRef?.optional, [e.valueFrom?.secretKeyRef?.key], `env ${e.name}`)
    }
    for (const f of c.envFrom ?? []) {
      add('ConfigMap', f.configMapRef?.name, f.configMapRef?.optional, [], 'envFrom')
      add('Secret', f.secretRef?.name, f.secretRef?.optional, [], 'envFrom')
    }
  }
  const volume = (v: Volume | NonNullable<NonNullable<Volume['projected']>['sources']>[number], where: string): void => {
    add(
      'ConfigMap',
      v.configMap?.name,
      v.configMap?.optional,
      (v.configMap?.items ?? []).map((i) => i.key),
      where,
    )
    const secret = v.secret as { secretName?: string; name?: string; optional?: boolean; items?: { key: string }[] } | undefined
    add(
      'Secret',
      secret?.secretName ?? secret?.name,
      secret?.optional,
      (secret?.items ?? []).map((i) => i.key),
      where,
    )
  }
  for (const v of spec.volumes ?? []) {
    for (const { kind, name, key, where } of singleFiles(spec, v)) add(kind, name, false, [key], where)
    volume(v, `volume ${v.name}`)
    for (const source of v.projected?.sources ?? []) volume(source, `volume ${v.name}`)
  }
  return found
}

/** Keys of which a container mounts the one file: where the key is gone, it meets an empty folder of that name. */
function singleFiles(spec: PodSpec, v: Volume): Reference[] {
  const source = v.configMap ?? v.secret
  const name = v.configMap?.name ?? v.secret?.secretName
  if (!source || !name || source.optional || source.items?.length) return []
  return [...(spec.initContainers ?? []), ...spec.containers].flatMap((c) =>
    (c.volumeMounts ?? []).flatMap((m): Reference[] =>
      m.name === v.name && m.subPath
        ? [{ kind: v.configMap ? 'ConfigMap' : 'Secret', name, key: m.subPath.split('/')[0], where: `mount ${m.mountPath}` }]
        : [],
    ),
  )
}

interface Lost {
  kind: 'Secret' | 'ConfigMap'
  name: string
  key: string | undefined
  evidence: Evidence[]
  pods: Pod[]
}

const saidMissing = /(secret|configmap) "([^"]+)" not found/i
const saidKey = /couldn't find key (\S+) in (Secret|ConfigMap) (?:[^/\s]+\/)?([a-z0-9.-]+)/i
const saidVolumeKey = /references non-existent (secret|config(?:map)?) key: (\S+)/i

/** What the kubelet says of a pod that waits for an object. */
function said(view: View, pod: Pod): Lost | undefined {
  const waiting = failing([pod]).filter((f) => f.kind === 'config')
  const mounts = podIsReady(pod) ? [] : eventsOf(view, 'Pod', pod.metadata.name, /^FailedMount$/)
  for (const [message, evidence] of [
    ...waiting.map(
      (f) =>
        [
          f.message,
          seen('Pod', pod, `status.containerStatuses[${f.container}].state.waiting`, short(`${f.reason}: ${f.message}`), 'running'),
        ] as const,
    ),
    ...mounts.map((e) => [e.message ?? '', eventEvidence(e)] as const),
  ]) {
    const kindOf = (word: string): Lost['kind'] => (/^secret/i.test(word) ? 'Secret' : 'ConfigMap')
    const key = saidKey.exec(message)
    if (key) return { kind: kindOf(key[2]!), name: key[3]!, key: key[1]!, evidence: [evidence], pods: [pod] }
    const object = saidMissing.exec(message)
    if (object) return { kind: kindOf(object[1]!), name: object[2]!, key: undefined, evidence: [evidence], pods: [pod] }
    const volumeKey = saidVolumeKey.exec(message)
    const holder = volumeKey && references(pod.spec).find((r) => r.key === volumeKey[2] && r.kind === kindOf(volumeKey[1]!))
    if (holder) return { kind: holder.kind, name: holder.name, key: holder.key, evidence: [evidence], pods: [pod] }
  }
  return undefined
}

/** What a pod that has not started names and the namespace does not have: also when the events are gone, or have not come yet. */
function compared(view: View, pod: Pod): Lost | undefined {
  const statuses = pod.status?.containerStatuses ?? []
  const waits = statuses.length
    ? statuses.some(
        (s) => s.state?.waiting && /ContainerCreating|PodInitializing|CreateContainerConfigError/.test(s.state.waiting.reason ?? ''),
      )
    : pod.status?.phase === 'Pending'
  if (waits) return absentFrom(view, pod.spec, `pod/${pod.metadata.name}`, [pod])
  // A file that is mounted by itself does not keep the container from its start; the program ends over it.
  const broken = failing([pod]).find((f) => f.kind === 'crash' || f.kind === 'create')
  const files = broken?.spec && (pod.spec.volumes ?? []).flatMap((v) => singleFiles({ containers: [broken.spec!] }, v))
  return files?.length ? absentAmong(view, files, `pod/${pod.metadata.name}`, [pod]) : undefined
}

/** The first thing that a pod spec cannot do without and that the namespace, seen whole, does not have. */
const absentFrom = (view: View, spec: PodSpec, of: string, pods: Pod[]): Lost | undefined => absentAmong(view, references(spec), of, pods)

function absentAmong(view: View, list: readonly Reference[], of: string, pods: Pod[]): Lost | undefined {
  for (const r of list) {
    const resource = r.kind === 'Secret' ? 'secrets' : 'configmaps'
    if (!sees(view.snapshot, resource)) continue
    const object = find(view.snapshot, resource, r.name, view.service.namespace)
    const absent: Evidence = {
      source: 'kubernetes',
      asked: `${r.kind.toLowerCase()}/${r.name}${r.key ? ` key ${r.key}` : ''} (${r.where} of ${of})`,
      observed: 'not found',
      expected: 'present',
    }
    if (!object) return { kind: r.kind, name: r.name, key: undefined, evidence: [absent], pods }
    const keys = r.key === undefined ? undefined : keysOf(object)
    if (r.key !== undefined && keys && keys.size > 0 && !keys.has(r.key))
      return { kind: r.kind, name: r.name, key: r.key, evidence: [absent], pods }
  }
  return undefined
}

export const missing: Family = (view) => {
  const byObject = new Map<string, Lost>()
  for (const pod of view.pods) {
    const lost = said(view, pod) ?? compared(view, pod)
    if (!lost) continue
    const id = `${lost.kind}/${lost.name}/${lost.key}`
    const known = byObject.get(id)
    if (known) known.pods.push(pod)
    else byObject.set(id, lost)
  }
  // Pods that run keep what they were started with; the next one could not start.
  const next = byObject.size === 0 && view.template && absentFrom(view, view.template.spec, `the template of ${view.service.workload}`, [])
  if (next && next.key === undefined) byObject.set('next', next)
  return [...byObject.values()].flatMap((lost) => claim(view, lost))
}

function claim(view: View, { kind, name, key, evidence, pods }: Lost): Claim[] {
  const code = key !== undefined ? 'missing_config_key' : kind === 'Secret' ? 'missing_secret' : 'missing_configmap'
  const what = key !== undefined ? `key ${key} of ${kind} ${name}` : `${kind} ${name}`
  // A revision that began to name the object is at fault itself; the object never existed for it.
  const named =
    recentDiff(view)?.some(
      (c) => ['env', 'volumes'].includes(c.field) && (c.to ?? '').includes(`"${name}"`) && !(c.from ?? '').includes(`"${name}"`),
    ) ?? false
  return [
    supported({
      code,
      subject: { kind, namespace: view.service.namespace, name },
      since: earliest(...pods.map((p) => p.metadata.creationTimestamp)),
      confidence: pods.length ? 0.97 : 0.85,
      evidence,
      summary: `${pods.length ? `${podCount(pods, view.pods.length)} cannot start` : 'no new pod could start'}: ${what} does not exist`,
      effects: podEffect(pods, `waits for ${what}`),
      introducedByRevision: named,
      hints: { ...(key && { key }) },
    }),
    refuted(
      'bad_release',
      view.subject,
      named
        ? 'the pods never started, so no release could fail requests'
        : 'the pod template did not begin to name this object; the object went away',
    ),
  ]
}
