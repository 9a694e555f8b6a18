/** One pod of several alike that does not answer its readiness question, while its peers do. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { find } from '../../facts/lookup.ts'
import { type Claim, type Family, refuted, supported } from '../claim.ts'
import { startedAt, touched } from '../edits.ts'
import { asked, good } from '../probe-answers.ts'
import { failing } from '../start-failure.ts'
import { millis } from '../time.ts'
import type { Evidence } from '../verdict.ts'
import { podIsReady, type View } from '../view.ts'

/** A pod that runs for so many milliseconds is past its start. */
const settled = 60_000

export const onePod: Family = (view): Claim[] => {
  const bad = view.pods.filter((p) => !podIsReady(p))
  const [pod] = bad
  if (!pod || bad.length > 1 || view.oldPods.length > 0 || failing(view.pods).length > 0) return []
  const peers = view.pods.filter((p) => p !== pod)
  if (peers.length === 0 || peers.some((p) => view.now - startedAt(p) < settled) || view.now - startedAt(pod) < settled) return []
  // What it alone has read, or where it alone runs, would be the difference.
  const oldest = Math.min(...view.pods.map(startedAt))
  if (startedAt(pod) > oldest && touched(view).some((t) => t.at > oldest && t.at < startedAt(pod))) return []
  if (!nodeIsReady(view, pod)) return []
  const { port, health } = view.service
  const answer = asked(view, pod, port, health.ready)
  const fine = peers.find((p) => good(asked(view, p, port, health.ready)))
  if (!answer || answer.kind === 'unknown' || good(answer) || !fine || (answer.kind === 'status' && answer.status < 500)) return []
  const question = (p: Pod): string => `GET ${health.ready} of pod/${p.metadata.name}:${port}`
  const said = answer.kind === 'status' ? `${answer.status} ${answer.body.trim()}` : answer.reason
  const evidence: Evidence[] = [
    { source: 'probe', asked: question(pod), observed: said.slice(0, 200), expected: '200' },
    { source: 'probe', asked: question(fine), observed: '200' },
  ]
  const condition = pod.status?.conditions?.find((c) => c.type === 'Ready')
  return [
    supported({
      code: 'single_bad_pod',
      subject: { kind: 'Pod', namespace: view.service.namespace, name: pod.metadata.name },
      since: millis(condition?.lastTransitionTime) === undefined ? undefined : condition?.lastTransitionTime,
      confidence: 0.85,
      summary: `pod ${pod.metadata.name} alone is not ready (${answer.kind === 'status' ? answer.status : answer.kind}); its peers of the same revision are`,
      evidence,
      hints: { pod: pod.metadata.name },
    }),
    refuted('bad_release', view.subject, 'pods of the same revision are ready'),
  ]
}

const nodeIsReady = (view: View, pod: Pod): boolean =>
  find(view.snapshot, 'nodes', pod.spec.nodeName)?.status?.conditions?.some((c) => c.type === 'Ready' && c.status !== 'True') !== true
