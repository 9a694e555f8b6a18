/** Pods that a change made unready, told by what they answer to their readiness question. */
import { newestDiff, recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, refuted, short, supported } from '../claim.ts'
import { editEvidence, readConfigMap, startedAt } from '../edits.ts'
import { changesEvidence } from '../revision.ts'
import { changeText, material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { podIsReady, probesOf, type View } from '../view.ts'

/** Pods of the newest revision that answer their readiness question with an error, beside earlier pods that answer it well. */
export function unreadyRelease(view: View): Claim[] {
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
        changesEvidence(view, changed),
      ],
    }),
  ]
}

/** Pods that read a ConfigMap after it was edited and answer their readiness question with an error since, under the template of before. */
export function unreadyConfig(view: View): Claim[] {
  const read = readConfigMap(view)
  if (!read || (material(recentDiff(view) ?? []).length > 0 && (millis(rolledOutAt(view)) ?? 0) > read.at)) return []
  const readers = view.pods.filter((p) => startedAt(p) >= read.at - 1000)
  const answer = (pods: View['pods'], fits: (status: number) => boolean) =>
    probesOf(view, 'pod').find(
      (p) =>
        p.purpose === 'ready' && p.result.state === 'ok' && fits(p.result.value.status) && pods.some((x) => x.metadata.name === p.name),
    )
  const bad = answer(
    readers.filter((p) => !podIsReady(p)),
    (status) => status >= 500,
  )
  if (bad?.result.state !== 'ok' || readers.some(podIsReady)) return []
  const good = answer(
    view.pods.filter((p) => !readers.includes(p) && podIsReady(p)),
    (status) => status < 400,
  )
  const subject = { kind: 'ConfigMap', namespace: view.service.namespace, name: read.object.metadata.name }
  return [
    supported({
      code: 'config_change',
      subject,
      since: new Date(read.at).toISOString(),
      confidence: good ? 0.9 : 0.8,
      summary: `pods that started after ConfigMap ${subject.name} was edited report themselves not ready${good ? '; those from before are well' : ''}, under the same template`,
      evidence: [
        editEvidence(read),
        {
          source: 'probe',
          asked: `GET ${bad.path} of pod/${bad.name}:${bad.port} (started since)`,
          observed: short(`${bad.result.value.status} ${bad.result.value.body}`),
          expected: '200',
        },
        ...(good?.result.state === 'ok'
          ? [
              {
                source: 'probe' as const,
                asked: `GET ${good.path} of pod/${good.name}:${good.port} (from before)`,
                observed: String(good.result.value.status),
                expected: '200',
              },
            ]
          : []),
      ],
    }),
    refuted('bad_release', view.subject, 'the pod template is the same as before the pods failed'),
  ]
}
