/** Errors that came with a change: a release, an edited configuration, a credential; or that live in one pod alone. */
import type { KubeObject } from '../../facts/kubernetes-types.ts'
import { all, find } from '../../facts/lookup.ts'
import { editedAt, lastEdit, newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, type Family, open, refuted, seen, short, supported } from '../claim.ts'
import { errorTemplates, logEvidence, matching, patterns } from '../logs.ts'
import { errorEvidence, errorsNow, percent, suffering } from '../symptoms.ts'
import { changeText, material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { type Traffic, trafficBefore } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, podIsReady, probesOf, range, type View } from '../view.ts'
import { references } from './missing.ts'

export const release: Family = (view) => {
  const errors = errorsNow(view)
  return [
    ...credentials(view),
    ...forbidden(view),
    ...unreadyRelease(view),
    ...(errors ? [...onePod(view, errors), ...byChange(view, errors)] : []),
  ]
}

/** Pods of the newest revision that answer their readiness question with an error, beside earlier pods that answer it well. */
function unreadyRelease(view: View): Claim[] {
  const changed = material(newestDiff(view) ?? [])
  const answers = (pods: View['pods']) =>
    probesOf(view, 'pod').filter((p) => p.purpose === 'ready' && pods.some((x) => x.metadata.name === p.name))
  const bad = answers(view.newPods.filter((p) => !podIsReady(p))).find((p) => p.result.state === 'ok' && p.result.value.status >= 500)
  const good = answers(view.oldPods.filter(podIsReady)).find((p) => p.result.state === 'ok' && p.result.value.status < 400)
  if (changed.length === 0 || bad?.result.state !== 'ok' || good?.result.state !== 'ok') return []
  return [
    supported({
      code: 'bad_release',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.9,
      introducedByRevision: true,
      summary: `pods of revision ${view.revisions[0]?.number} report themselves not ready; those of the earlier revision are well (${short(changed.map(changeText).join(', '), 90)})`,
      evidence: [
        {
          source: 'probe',
          asked: `GET ${bad.path} of pod/${bad.name}:${bad.port} (new)`,
          observed: short(`${bad.result.value.status} ${bad.result.value.body}`),
          expected: '200',
        },
        {
          source: 'probe',
          asked: `GET ${good.path} of pod/${good.name}:${good.port} (earlier)`,
          observed: String(good.result.value.status),
          expected: '200',
        },
        seen(
          view.service.kind,
          view.workload!,
          `revision ${view.revisions[0]?.number}`,
          short(changed.map(changeText).join(', ')),
          undefined,
          rolledOutAt(view),
        ),
      ],
    }),
  ]
}

const ratioOf = (t: { total: number; bad: number } | undefined): number | undefined => (t && t.total > 0 ? t.bad / t.total : undefined)

function together(pods: readonly { metadata: { name: string } }[], t: Traffic): { total: number; bad: number } {
  return pods
    .map((p) => t.byPod.get(p.metadata.name))
    .reduce<{ total: number; bad: number }>((sum, p) => ({ total: sum.total + (p?.total ?? 0), bad: sum.bad + (p?.bad ?? 0) }), {
      total: 0,
      bad: 0,
    })
}

/** Requests that one pod must have answered before its share of errors means anything. */
const enough = 10

/** Whether the errors live in one pod of several alike. */
function sick(view: View, t: Traffic): string | undefined {
  const rows = view.pods
    .map((p) => ({ name: p.metadata.name, of: t.byPod.get(p.metadata.name) ?? { total: 0, bad: 0 } }))
    .filter((r) => r.of.total >= enough)
  if (rows.length < 2) return undefined
  const [worst, ...rest] = rows.sort((a, b) => b.of.bad / b.of.total - a.of.bad / a.of.total)
  const others = ratioOf(rest.reduce((s, r) => ({ total: s.total + r.of.total, bad: s.bad + r.of.bad }), { total: 0, bad: 0 })) ?? 0
  return ratioOf(worst!.of)! > 0.05 && others <= Math.min(view.thresholds.errorRatio, ratioOf(worst!.of)! / 10) ? worst!.name : undefined
}

function onePod(view: View, errors: Traffic): Claim[] {
  const name = sick(view, errors)
  const pod = view.pods.find((p) => p.metadata.name === name)
  if (!pod) return []
  // A first pod of a new revision is the release, not the pod.
  const peers = view.newPods.includes(pod) ? view.newPods : view.oldPods
  if (peers.length < 2 && view.newPods.includes(pod) && view.revisions.length > 1 && view.oldPods.length > 0) return []
  const of = errors.byPod.get(pod.metadata.name)!
  return [
    supported({
      code: 'single_bad_pod',
      subject: { kind: 'Pod', namespace: view.service.namespace, name: pod.metadata.name },
      since: undefined,
      confidence: 0.93,
      summary: `pod ${pod.metadata.name} alone fails ${percent(ratioOf(of))} of its requests; its peers of the same revision do not`,
      evidence: [
        {
          source: errors.source,
          asked: 'errors by pod',
          observed: `${Math.round(of.bad)} of ${Math.round(of.total)} in ${pod.metadata.name}; ${Math.round(errors.bad - of.bad)} of ${Math.round(errors.total - of.total)} elsewhere`,
          expected: 'alike',
        },
        errorEvidence(view, errors),
      ],
      hints: { pod: pod.metadata.name },
    }),
    refuted('bad_release', view.subject, 'pods of the same revision do not fail'),
  ]
}

interface Touched {
  kind: 'ConfigMap' | 'Secret'
  object: KubeObject
  at: number
}

/** ConfigMaps and Secrets that the pods use and that were edited (not merely created) within the look-back, newest first. */
function touched(view: View): Touched[] {
  const spec = view.template?.spec
  if (!spec) return []
  const named = new Map(references(spec).map((r) => [`${r.kind}/${r.name}`, r]))
  return [...named.values()]
    .flatMap((r): Touched[] => {
      const object = find(view.snapshot, r.kind === 'Secret' ? 'secrets' : 'configmaps', r.name, view.service.namespace)
      const at = object && millis(editedAt(object))
      const created = millis(object?.metadata.creationTimestamp)
      if (
        !object ||
        at === undefined ||
        created === undefined ||
        at - created < 1500 ||
        at < view.now - view.snapshot.target.lookbackSeconds * 1000
      )
        return []
      return [{ kind: r.kind, object, at }]
    })
    .sort((a, b) => b.at - a.at)
}

const startedAt = (pod: {
  status?: { startTime?: string; containerStatuses?: { state?: { running?: { startedAt?: string } } }[] }
}): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map((s) => millis(s.state?.running?.startedAt) ?? 0)) ||
  (millis(pod.status?.startTime) ?? 0)

const editEvidence = ({ kind, object, at }: Touched): Evidence => ({
  source: 'kubernetes',
  asked: `${kind.toLowerCase()}/${object.metadata.name} metadata.managedFields`,
  observed: `edited${lastEdit(object)?.manager ? ` by ${lastEdit(object)!.manager}` : ''}`,
  at: new Date(at).toISOString(),
  ref: { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion },
})

/** When the errors began, in milliseconds: the first point of the long rate above the threshold that stayed there. */
export function errorOnset(view: View): number | undefined {
  const series = range(view, 'request_rate')
  if (!series?.length) return undefined
  const { statusLabel } = view.service.metrics
  const at = new Map<number, { total: number; bad: number }>()
  for (const s of series) {
    for (const [t, v] of s.points) {
      if (!Number.isFinite(v)) continue
      const of = at.get(t) ?? { total: 0, bad: 0 }
      at.set(t, { total: of.total + v, bad: of.bad + (/^5/.test(s.labels[statusLabel] ?? '') ? v : 0) })
    }
  }
  const points = [...at].sort((a, b) => b[0] - a[0])
  let onset: number | undefined
  for (const [t, of] of points) {
    if (of.total > 0 && of.bad / of.total > view.thresholds.errorRatio) onset = t * 1000
    else break
  }
  return onset
}

function byChange(view: View, errors: Traffic): Claim[] {
  const diff = newestDiff(view)
  const rolled = millis(rolledOutAt(view))
  const recent = rolled !== undefined && rolled > view.now - view.snapshot.target.lookbackSeconds * 1000
  const changed = material(diff ?? [])
  const proof = [errorEvidence(view, errors), ...routeEvidence(view), ...logEvidenceOf(view)]
  const claims: Claim[] = []
  const edits = touched(view).filter((t) => t.kind === 'ConfigMap')
  // Read by pods that started after the edit, or mounted and read again by itself.
  const read =
    edits.find((t) => view.pods.some((p) => startedAt(p) >= t.at - 1000)) ??
    edits.find((t) => view.template?.spec.volumes?.some((v) => v.configMap?.name === t.object.metadata.name))
  const [now, before] = [together(view.newPods, errors), together(view.oldPods, errors)]
  const apart = now.total >= enough && before.total >= enough
  const earlier = trafficBefore(view, rolled)
  const cleanBefore = earlier?.ratio !== undefined && earlier.total >= enough && earlier.ratio <= view.thresholds.errorRatio
  const onlyNew = apart && (ratioOf(now) ?? 0) > view.thresholds.errorRatio && (ratioOf(before) ?? 0) <= (ratioOf(now) ?? 0) / 5
  if (recent && changed.length > 0 && (onlyNew || (!apart && cleanBefore) || (!apart && earlier === undefined && !read))) {
    const split: Evidence[] = apart
      ? [
          {
            source: errors.source,
            asked: 'errors by revision',
            observed: `new ${percent(ratioOf(now))}, old ${percent(ratioOf(before))}`,
            expected: 'alike',
          },
        ]
      : cleanBefore
        ? [{ source: errors.source, asked: 'errors in the 5 minutes before the rollout', observed: percent(earlier.ratio) }]
        : []
    claims.push(
      supported({
        code: 'bad_release',
        subject: view.subject,
        since: rolledOutAt(view),
        confidence: onlyNew ? 0.95 : cleanBefore ? 0.88 : 0.7,
        introducedByRevision: true,
        summary: `revision ${view.revisions[0]?.number} fails ${percent(onlyNew ? ratioOf(now) : errors.ratio)} of requests (${short(changed.map(changeText).join(', '), 90)})`,
        evidence: [
          ...proof,
          ...split,
          seen(
            view.service.kind,
            view.workload!,
            `revision ${view.revisions[0]?.number}`,
            short(changed.map(changeText).join(', ')),
            undefined,
            rolledOutAt(view),
          ),
        ],
      }),
    )
  } else if (recent && changed.length > 0) {
    claims.push(
      apart
        ? refuted('bad_release', view.subject, `both revisions fail alike: new ${percent(ratioOf(now))}, old ${percent(ratioOf(before))}`)
        : open(
            'bad_release',
            view.subject,
            `revision ${view.revisions[0]?.number} is recent; no earlier pod or earlier traffic to compare with`,
          ),
    )
  } else if (diff && changed.length === 0) {
    claims.push(refuted('bad_release', view.subject, 'the newest revision changed nothing that the program sees'))
  }
  if (read && !onlyNew && !(recent && changed.length > 0 && rolled > read.at)) {
    const onset = errorOnset(view)
    const after = onset === undefined || onset >= read.at - 90_000
    claims.push(
      after
        ? supported({
            code: 'config_change',
            subject: { kind: 'ConfigMap', namespace: view.service.namespace, name: read.object.metadata.name },
            since: new Date(read.at).toISOString(),
            confidence: 0.87,
            summary: `requests fail since ConfigMap ${read.object.metadata.name} was edited; the pod template is the same`,
            evidence: [editEvidence(read), ...proof],
          })
        : refuted(
            'config_change',
            { kind: 'ConfigMap', namespace: view.service.namespace, name: read.object.metadata.name },
            'the errors began before the edit',
          ),
    )
  }
  return claims
}

function routeEvidence(view: View): Evidence[] {
  const series = view.snapshot.instant.state === 'ok' ? (view.snapshot.instant.value.errors_by_route?.series ?? []) : []
  const { routeLabel, statusLabel } = view.service.metrics
  const routes = new Map<string, { total: number; bad: number }>()
  for (const s of series) {
    const value = s.points.at(-1)?.[1] ?? 0
    const of = routes.get(s.labels[routeLabel] ?? '') ?? { total: 0, bad: 0 }
    routes.set(s.labels[routeLabel] ?? '', { total: of.total + value, bad: of.bad + (/^5/.test(s.labels[statusLabel] ?? '') ? value : 0) })
  }
  const worst = [...routes].filter(([, of]) => of.total > 0 && of.bad > 0).sort((a, b) => b[1].bad / b[1].total - a[1].bad / a[1].total)
  return worst.length
    ? [
        {
          source: 'prometheus',
          asked: 'errors by route',
          observed: worst
            .slice(0, 3)
            .map(([r, of]) => `${r || '(none)'} ${percent(of.bad / of.total)}`)
            .join(', '),
        },
      ]
    : []
}

const logEvidenceOf = (view: View): Evidence[] => {
  const top = errorTemplates(logsOf(view), view.now - 300_000)[0]
  return top ? [logEvidence(top.lines)] : []
}

/** A Secret that the pods hold and that the other side no longer takes. */
function credentials(view: View): Claim[] {
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
    const stale = view.pods.some((p) => startedAt(p) < edited.at)
    const subject = { kind: 'Secret', namespace: view.service.namespace, name: edited.object.metadata.name }
    const since = new Date(edited.at).toISOString()
    return stale && oldest < edited.at
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
          refuted('stale_credentials', subject, 'every pod started after the Secret was changed'),
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
      last.text,
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
