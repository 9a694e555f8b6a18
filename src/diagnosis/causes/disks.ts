/** Disks and descriptors that are used up. */
import type { Pod, PodTemplate } from '../../facts/kubernetes/pod.ts'
import { all } from '../../facts/lookup.ts'
import { type Claim, eventEvidence, short, supported } from '../claim.ts'
import type { Dependency } from '../dependencies.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { percent } from '../quantity.ts'
import type { Subject } from '../verdict.ts'
import { instant, isOurPod, logsOf, type View } from '../view.ts'

export function disks(view: View): Claim[] {
  const recent = view.now - 300_000
  const claims: Claim[] = []
  const full = matching(logsOf(view), patterns.diskFull, recent)
  const said = view.snapshot.probes.find(
    (p) => p.result.state === 'ok' && p.result.value.status >= 500 && patterns.diskFull.test(p.result.value.body),
  )
  if (full.length || said) {
    const body = said?.result.state === 'ok' ? said.result.value.body : ''
    const store = fullStore(view, [body, ...full.map((line) => line.text)])
    const subject: Subject = store
      ? { kind: store.workloadKind, namespace: store.namespace, name: store.workload?.metadata.name ?? store.name }
      : view.subject
    const claim = claimOf(store ? store.workload?.spec.template : view.template, store?.pods ?? view.pods)
    const evidence = [
      ...(said?.result.state === 'ok'
        ? [
            {
              source: 'probe' as const,
              asked: `GET ${said.path} of ${said.hop}/${said.name}`,
              observed: short(`${said.result.value.status} ${said.result.value.body}`),
              expected: '200',
            },
          ]
        : []),
      ...(full.length ? [logEvidence(full)] : []),
      ...evictions(view).slice(0, 1).map(eventEvidence),
    ]
    claims.push(
      supported({
        code: 'disk_full',
        subject: claim ? { kind: 'PersistentVolumeClaim', namespace: subject.namespace, name: claim } : subject,
        since: full[0]?.time,
        confidence: 0.92,
        summary: store
          ? `the disk of ${store.name} is full: it refuses writes`
          : `the store of ${view.service.workload} is full: writes fail`,
        evidence,
      }),
    )
  }
  const files = matching(logsOf(view), patterns.descriptors, recent)
  const worst = instant(view, 'descriptors')?.filter((s) => (s.points.at(-1)?.[1] ?? 0) > 0.9)[0]
  if (files.length || worst)
    claims.push(
      supported({
        code: 'fd_exhaustion',
        subject: view.subject,
        since: files[0]?.time,
        confidence: files.length ? 0.9 : 0.8,
        summary: 'the process has no file descriptors left',
        evidence: [
          ...(files.length ? [logEvidence(files)] : []),
          ...(worst
            ? [
                {
                  source: 'prometheus' as const,
                  asked: `process_open_fds / process_max_fds of ${worst.labels.pod}`,
                  observed: percent(worst.points.at(-1)?.[1]),
                  expected: 'below 90%',
                },
              ]
            : []),
        ],
      }),
    )
  return claims
}

/** What databases say of a disk that is theirs, to those who write to them. */
const saysItself =
  /could not (?:extend|write|create|fsync|open) .{0,120}no space left|(?<![\d.])53100(?![\d.])|the table '[^']*' is full|MISCONF Redis/i

/** The dependency whose disk is full, where lines about one name it or are in a database's words; undefined where it is the service's own. */
function fullStore(view: View, texts: readonly string[]): Dependency | undefined {
  const about = texts.filter((text) => patterns.diskFull.test(text))
  const inside = view.dependencies.filter((d) => !d.external)
  const named = inside.find((d) =>
    about.some((text) => [d.host, d.serviceName].some((name) => name !== undefined && text.split(/[^a-z0-9.-]+/i).includes(name))),
  )
  return named ?? (inside.length === 1 && about.some((text) => saysItself.test(text)) ? inside[0] : undefined)
}

/** The claim that holds the data of a workload; undefined where it has none. */
const claimOf = (template: PodTemplate | undefined, pods: readonly Pod[]): string | undefined =>
  [...(template?.spec.volumes ?? []), ...pods.flatMap((p) => p.spec.volumes ?? [])].flatMap(
    (v) => v.persistentVolumeClaim?.claimName ?? [],
  )[0]

/** Pods that the kubelet put out for the disk they used. */
const evictions = (view: View) =>
  all(view.snapshot, 'events').filter(
    (e) => e.reason === 'Evicted' && /ephemeral/i.test(e.message ?? '') && isOurPod(view, e.involvedObject.name),
  )
