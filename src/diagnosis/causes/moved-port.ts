/** A program that since its newest revision listens on another port than the one that its probes, and all others, ask. */
import type { Pod } from '../../facts/kubernetes/pod.ts'
import { portNumber } from '../../facts/probes.ts'
import { recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, type Family, podCount, podEffect, refuted, supported } from '../claim.ts'
import { type LogLine, linesOf, logEvidence } from '../logs.ts'
import { changesEvidence } from '../revision.ts'
import { material } from '../template-diff.ts'
import { eventsOf, logsOf, podIsReady, probesOf, type View } from '../view.ts'

const told = /\b(?:listen(?:ing|s)?|serving|ready|bound|started|running|up)\b[^\n]{0,60}?(?:\bport[ =:]+|:)(\d{2,5})\b/i

/** Lines in which the main container of a pod says on which port it listens, the newest last. */
const listening = (view: View, pod: Pod): { port: number; line: LogLine }[] =>
  linesOf(logsOf(view, pod.metadata.name, view.main?.name)).flatMap((line) => {
    const port = told.exec(line.text)?.[1]
    return port === undefined ? [] : [{ port: Number(port), line }]
  })

interface Moved {
  pod: Pod
  asked: number
  port: number
  line: LogLine
}

/** Pods of the newest revision that refuse on the port where they are asked and say that they listen on another, which the revision brought in. */
export function movedPorts(view: View): Moved[] {
  const changed = material(recentDiff(view) ?? [])
  const { main } = view
  const probe = main?.readinessProbe ?? main?.livenessProbe
  const asked = portNumber(main, probe?.httpGet?.port ?? probe?.tcpSocket?.port)
  const unready = view.newPods.filter((p) => !podIsReady(p))
  if (changed.length === 0 || asked === undefined || unready.length === 0) return []
  const before = view.oldPods.some((p) => listening(view, p).some((l) => l.port === asked))
  return unready.flatMap((pod) => {
    const { name } = pod.metadata
    const said = listening(view, pod)
    const last = said.at(-1)
    const refuses =
      eventsOf(view, 'Pod', name, /^Unhealthy$/).some((e) => /connection refused/i.test(e.message ?? '')) ||
      probesOf(view, 'pod', name).some((p) => p.port === asked && p.result.state !== 'ok' && /refused/i.test(p.result.reason))
    const brought = last !== undefined && (before || changed.some((c) => c.to?.includes(String(last.port))))
    return last && brought && refuses && !said.some((l) => l.port === asked) ? [{ pod, asked, ...last }] : []
  })
}

export const movedPort: Family = (view): Claim[] => {
  const moved = movedPorts(view)
  const [first] = moved
  if (!first) return []
  const pods = moved.map((m) => m.pod)
  return [
    supported({
      code: 'bad_release',
      subject: view.subject,
      since: rolledOutAt(view),
      confidence: 0.9,
      introducedByRevision: true,
      summary: `${podCount(pods, view.pods.length)} refuse on port ${first.asked}: since revision ${view.revisions[0]?.number} the program listens on ${first.port}`,
      evidence: [logEvidence([first.line], `port ${first.asked}`), changesEvidence(view, material(recentDiff(view) ?? []))],
      effects: podEffect(pods, `asked on port ${first.asked}, listening on ${first.port}`),
    }),
    refuted('liveness_too_aggressive', view.subject, `the program is up and says that it listens, on port ${first.port}`),
  ]
}
