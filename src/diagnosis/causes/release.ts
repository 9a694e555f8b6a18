/** Errors that came with a change: a release, an edited configuration; or that live in one pod alone. */
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, type Family, open, refuted, short, supported } from '../claim.ts'
import { editEvidence, readConfigMap } from '../edits.ts'
import { errorEvidence, errorsNow } from '../failures.ts'
import { errorTemplates, logEvidence } from '../logs.ts'
import { percent } from '../quantity.ts'
import { changesEvidence } from '../revision.ts'
import { changeText, material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { enough, errorOnset, isServerError, ofPods, type Traffic, trafficBefore } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, podIsReady, type View } from '../view.ts'
import { failingCalls } from './dependencies.ts'
import { fullPools } from './pool.ts'
import { unreadyConfig, unreadyRelease } from './unready-change.ts'

export const release: Family = (view) => {
  const errors = errorsNow(view)
  return [...unreadyRelease(view), ...unreadyConfig(view), ...(errors ? [...onePod(view, errors), ...byChange(view, errors)] : [])]
}

const ratioOf = (t: { total: number; bad: number } | undefined): number | undefined => (t && t.total > 0 ? t.bad / t.total : undefined)

/** Chance, at most, that errors which any pod may have all fell on one: its share of the requests, for each of them. */
const byChance = 0.02

/** Whether the errors live in one pod of several alike. */
function sick(view: View, t: Traffic): string | undefined {
  const rows = view.pods.map((p) => ({ name: p.metadata.name, of: ofPods([p], t) })).filter((r) => r.of.total >= enough)
  if (rows.length < 2) return undefined
  const [worst, ...rest] = rows.sort((a, b) => b.of.bad / b.of.total - a.of.bad / a.of.total)
  const others = ratioOf(rest.reduce((s, r) => ({ total: s.total + r.of.total, bad: s.bad + r.of.bad }), { total: 0, bad: 0 })) ?? 0
  const share = worst!.of.total / rows.reduce((sum, { of }) => sum + of.total, 0)
  if (share ** worst!.of.bad > byChance) return undefined
  return ratioOf(worst!.of)! > 0.05 && others <= Math.min(view.thresholds.errorRatio, ratioOf(worst!.of)! / 10) ? worst!.name : undefined
}

/** Share of the errors that failed calls to a dependency must be to account for them. */
const accountedFor = 0.8

function onePod(view: View, errors: Traffic): Claim[] {
  const name = sick(view, errors)
  const pod = view.pods.find((p) => p.metadata.name === name)
  if (!pod) return []
  // A first pod of a new revision is the release, not the pod.
  const peers = view.newPods.includes(pod) ? view.newPods : view.oldPods
  if (peers.length < 2 && view.newPods.includes(pod) && view.revisions.length > 1 && view.oldPods.length > 0) return []
  const subject = { kind: 'Pod', namespace: view.service.namespace, name: pod.metadata.name }
  // Counters of one pod are read before those of another: where none is well any more, all fail.
  if (!view.pods.some((p) => p !== pod && podIsReady(p))) return [refuted('single_bad_pod', subject, 'no other pod is ready either')]
  const { pods, full } = fullPools(view)
  if (full.length > 1 && full.length === pods.length)
    return [refuted('single_bad_pod', subject, 'the pools of all pods are full; the one with most to do fails first')]
  const of = ofPods([pod], errors)
  const all = ofPods(view.pods, errors)
  // Calls that need it come where their callers are connected, and each process finds out for itself.
  const partner = failingCalls(view).find(({ bad }) => bad > accountedFor * all.bad)
  if (partner && all.bad - of.bad >= 1)
    return [refuted('single_bad_pod', subject, `as many calls to ${partner.name} failed, and requests of other pods did too`)]
  return [
    supported({
      code: 'single_bad_pod',
      subject,
      since: undefined,
      confidence: 0.93,
      summary: `pod ${pod.metadata.name} alone fails ${percent(ratioOf(of))} of its requests; its peers of the same revision do not`,
      evidence: [
        {
          source: errors.source,
          asked: 'errors by pod',
          observed: `${Math.round(of.bad)} of ${Math.round(of.total)} in ${pod.metadata.name}; ${Math.round(all.bad - of.bad)} of ${Math.round(all.total - of.total)} elsewhere`,
          expected: 'alike',
        },
        errorEvidence(view, errors),
      ],
      hints: { pod: pod.metadata.name },
    }),
    refuted('bad_release', view.subject, 'pods of the same revision do not fail'),
  ]
}

/** Share of earlier requests that failed as most do now: with the same status. A burst of others, as while something started, is not this trouble. */
function alike(now: Traffic, earlier: Traffic): number {
  const [most] = [...now.byStatus].filter(([status]) => isServerError(status)).sort((a, b) => b[1] - a[1])
  return (most && most[1] > now.bad / 2 ? (earlier.byStatus.get(most[0]) ?? 0) : earlier.bad) / earlier.total
}

function byChange(view: View, errors: Traffic): Claim[] {
  const diff = newestDiff(view)
  const rolled = millis(rolledOutAt(view))
  const recent = rolled !== undefined && rolled > view.now - view.snapshot.target.lookbackSeconds * 1000
  const changed = material(diff ?? [])
  const proof = [errorEvidence(view, errors), ...routeEvidence(view), ...logEvidenceOf(view)]
  const claims: Claim[] = []
  const read = readConfigMap(view)
  const [now, before] = [ofPods(view.newPods, errors), ofPods(view.oldPods, errors)]
  const apart = now.total >= enough && before.total >= enough
  const earlier = trafficBefore(view, rolled)
  const cleanBefore = earlier !== undefined && earlier.total >= enough && alike(errors, earlier) <= view.thresholds.errorRatio
  const onlyNew = apart && (ratioOf(now) ?? 0) > view.thresholds.errorRatio && (ratioOf(before) ?? 0) <= (ratioOf(now) ?? 0) / 5
  if (
    recent &&
    changed.length > 0 &&
    (onlyNew ||
      (!apart && cleanBefore) ||
      (!apart && (earlier === undefined || (earlier.total < enough && earlier.bad === 0)) && (!read || rolled > read.at)))
  ) {
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
        ? [{ source: errors.source, asked: 'errors in the 5 minutes before the rollout', observed: percent(alike(errors, earlier)) }]
        : []
    claims.push(
      supported({
        code: 'bad_release',
        subject: view.subject,
        since: rolledOutAt(view),
        confidence: onlyNew ? 0.95 : cleanBefore ? 0.88 : 0.7,
        introducedByRevision: true,
        summary: `revision ${view.revisions[0]?.number} fails ${percent(onlyNew ? ratioOf(now) : errors.ratio)} of requests (${short(changed.map(changeText).join(', '), 90)})`,
        evidence: [...proof, ...split, changesEvidence(view, changed)],
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
