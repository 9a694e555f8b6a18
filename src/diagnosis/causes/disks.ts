/** Disks and descriptors that are used up. */
import { all } from '../../facts/lookup.ts'
import { type Claim, eventEvidence, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { percent } from '../symptoms.ts'
import { instant, isOurPod, logsOf, type View } from '../view.ts'

export function disks(view: View): Claim[] {
  const recent = view.now - 300_000
  const claims: Claim[] = []
  const full = matching(logsOf(view), patterns.diskFull, recent)
  const said = view.snapshot.probes.find(
    (p) => p.result.state === 'ok' && p.result.value.status >= 500 && patterns.diskFull.test(p.result.value.body),
  )
  if (full.length || said) {
    const claim = view.template?.spec.volumes?.flatMap((v) => v.persistentVolumeClaim?.claimName ?? [])[0]
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
        subject: claim ? { kind: 'PersistentVolumeClaim', namespace: view.service.namespace, name: claim } : view.subject,
        since: full[0]?.time,
        confidence: 0.92,
        summary: `the store of ${view.service.workload} is full: writes fail`,
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

/** Pods that the kubelet put out for the disk they used. */
const evictions = (view: View) =>
  all(view.snapshot, 'events').filter(
    (e) => e.reason === 'Evicted' && /ephemeral/i.test(e.message ?? '') && isOurPod(view, e.involvedObject.name),
  )
