/** Credentials that are refused, and rights that the service lost. */
import { all } from '../../facts/lookup.ts'
import { editedAt } from '../changes.ts'
import { type Claim, type Family, refuted, short, supported } from '../claim.ts'
import { editEvidence, startedAt, touched } from '../edits.ts'
import { suffering } from '../failures.ts'
import { logEvidence, matching, patterns, plain } from '../logs.ts'
import { millis } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, podIsReady, type View } from '../view.ts'
import { references } from './missing.ts'

export const credentials: Family = (view) => [...refusedSecret(view), ...forbidden(view)]

/** A Secret that the pods hold and that the other side no longer takes. */
function refusedSecret(view: View): Claim[] {
  const lines = matching(logsOf(view), patterns.credentials, view.now - 600_000)
  const said = view.snapshot.probes.find(
    (p) => p.result.state === 'ok' && p.result.value.status >= 500 && patterns.credentials.test(p.result.value.body),
  )
  if (lines.length === 0 && !said) return []
  if (!suffering(view) && view.pods.every(podIsReady)) return []
  const edited = touched(view).filter((t) => t.kind === 'Secret')[0]
  const used = references(view.template?.spec ?? { containers: [] }).filter((r) => r.kind === 'Secret')
  const quoted: Evidence[] = [
    ...(lines.length ? [logEvidence(lines, 'accepted credentials')] : []),
    ...(said?.result.state === 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${said.path} of pod/${said.name}`,
            observed: short(`${said.result.value.status} ${said.result.value.body}`),
            expected: '200',
          },
        ]
      : []),
  ]
  const oldest = Math.min(...view.pods.map(startedAt))
  if (edited) {
    // What decides is who is refused: a pod that read the new value, or only such as did not.
    const refusedBy = view.pods.filter((p) => said?.name === p.metadata.name || lines.some((l) => l.pod === p.metadata.name && !l.previous))
    const readers = refusedBy.filter((p) => startedAt(p) > edited.at)
    const stale = readers.length === 0 && view.pods.some((p) => startedAt(p) < edited.at)
    const subject = { kind: 'Secret', namespace: view.service.namespace, name: edited.object.metadata.name }
    const since = new Date(edited.at).toISOString()
    return stale
      ? [
          supported({
            code: 'stale_credentials',
            subject,
            since,
            confidence: 0.92,
            summary: `the pods still hold the credentials from before Secret ${subject.name} was changed`,
            evidence: [
              editEvidence(edited),
              {
                source: 'kubernetes',
                asked: 'start of the oldest pod',
                observed: new Date(oldest).toISOString(),
                expected: `after ${since}`,
              },
              ...quoted,
            ],
          }),
          refuted('corrupt_credentials', subject, 'the Secret was changed after the pods started: they never read the new value'),
        ]
      : [
          supported({
            code: 'corrupt_credentials',
            subject,
            since,
            confidence: 0.92,
            summary: `the pods read Secret ${subject.name} after it was changed, and the credentials in it are refused`,
            evidence: [editEvidence(edited), ...quoted],
          }),
          refuted(
            'stale_credentials',
            subject,
            `${readers[0]?.metadata.name ?? 'every pod'} started after the Secret was changed, and is refused`,
          ),
        ]
  }
  if (used.length === 0) return []
  // The Secret did not change: the other side did.
  const peer = view.dependencies.find((d) => !d.external && d.workload && (millis(editedAt(d.workload)) ?? 0) > oldest)
  const subject = { kind: 'Secret', namespace: view.service.namespace, name: used[0]!.name }
  return [
    supported({
      code: 'stale_credentials',
      subject,
      since: lines[0]?.time,
      confidence: 0.65,
      summary: `credentials from Secret ${subject.name} are refused; the Secret itself was not changed${peer ? `, ${peer.name} was` : ''}`,
      evidence: quoted,
    }),
  ]
}

/** The service's own account may not do what it does. */
function forbidden(view: View): Claim[] {
  const lines = matching(logsOf(view), patterns.forbidden, view.now - 600_000)
  const last = lines.at(-1)
  if (!last) return []
  const said =
    /User "?system:serviceaccount:([^:"\s]+):([^"\s]+)"? cannot (\w+) resource "?([\w./-]+)"?(?: in API group "?([\w.]*)"?)?/i.exec(
      plain(last.text),
    )
  const account = said?.[2] ?? view.template?.spec.serviceAccountName ?? 'default'
  const bindings = all(view.snapshot, 'rolebindings')
  const mine = bindings.find((b) => b.subjects?.some((s) => s.kind === 'ServiceAccount' && s.name === account))
  const roles = all(view.snapshot, 'roles')
  const grants = said
    ? roles.filter((r) =>
        r.rules?.some(
          (rule) =>
            (rule.verbs.includes(said[3]!) || rule.verbs.includes('*')) && (rule.resources ?? []).some((x) => x === said[4] || x === '*'),
        ),
      )
    : []
  const unbound = grants.find(
    (r) => !bindings.some((b) => b.roleRef.name === r.metadata.name && b.subjects?.some((s) => s.name === account)),
  )
  const broken = unbound && bindings.find((b) => b.roleRef.name === unbound.metadata.name)
  const dangling =
    mine &&
    mine.roleRef.kind === 'Role' &&
    view.snapshot.cluster.roles?.state === 'ok' &&
    !roles.some((r) => r.metadata.name === mine.roleRef.name)
  const { namespace } = view.service
  const subject = broken
    ? { kind: 'RoleBinding', namespace, name: broken.metadata.name }
    : dangling
      ? { kind: 'Role', namespace, name: mine.roleRef.name }
      : unbound && !mine
        ? { kind: 'RoleBinding', namespace, name: unbound.metadata.name }
        : mine
          ? { kind: mine.roleRef.kind, namespace, name: mine.roleRef.name }
          : { kind: 'ServiceAccount', namespace, name: account }
  return [
    supported({
      code: 'rbac_denied',
      subject,
      since: lines[0]?.time,
      confidence: 0.93,
      summary: `ServiceAccount ${account} may not ${said?.[3] ?? 'do'} ${said?.[4] ?? 'what the service does'}${unbound && !mine ? `: Role ${unbound.metadata.name} grants it and no RoleBinding gives it to the account` : ''}`,
      evidence: [
        logEvidence(lines, 'allowed'),
        {
          source: 'kubernetes',
          asked: `rolebindings for serviceaccount/${account} in ${namespace}`,
          observed: mine ? `${mine.metadata.name} -> ${mine.roleRef.kind} ${mine.roleRef.name}` : 'none',
        },
      ],
    }),
  ]
}
