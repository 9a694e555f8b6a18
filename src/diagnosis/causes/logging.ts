/** Programs that write more into their log than the machine should carry. */
import { newestDiff, rolledOutAt } from '../changes.ts'
import { type Claim, supported } from '../claim.ts'
import { linesOf, logEvidence, templateOf } from '../logs.ts'
import { percent } from '../quantity.ts'
import { revisionEvidence } from '../revision.ts'
import { material } from '../template-diff.ts'
import { millis } from '../time.ts'
import { traffic } from '../traffic.ts'
import { logsOf, type View } from '../view.ts'

/** Lines a second of one container, and lines for each request, from which a log costs more than it tells. */
const manyASecond = 50
const manyARequest = 20
/** Lines of one kind among all, from which it is one statement that spams. */
const oneKind = 0.6
const fewestLines = 100

export function logging(view: View): Claim[] {
  const rate = traffic(view)?.rate
  const loud = logsOf(view)
    .filter((log) => !log.previous && log.lines.length >= fewestLines)
    .flatMap((log) => {
      const times = log.lines.flatMap((l) => millis(l.time) ?? [])
      const [first, last] = [Math.min(...times), Math.max(...times)]
      const perSecond = log.lines.length / Math.max(0.1, (last - first) / 1000)
      return times.length > 1 && view.now - last < 60_000 ? [{ log, perSecond }] : []
    })
    .sort((a, b) => b.perSecond - a.perSecond)
  const top = loud[0]
  if (!top || top.perSecond < manyASecond) return []
  // A busy service may say a line or two for each request; requests were counted over all its pods.
  if (rate === undefined || top.perSecond < manyARequest * Math.max(rate / Math.max(1, view.pods.length), 0.5)) return []
  const lines = linesOf([top.log])
  const kinds = new Map<string, typeof lines>()
  for (const line of lines) kinds.set(templateOf(line.text), [...(kinds.get(templateOf(line.text)) ?? []), line])
  const [, most] = [...kinds].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))[0]!
  if (most.length < oneKind * lines.length) return []
  const changed = view.newPods.some((p) => p.metadata.name === top.log.pod) ? material(newestDiff(view) ?? []) : []
  const recent = (millis(rolledOutAt(view)) ?? 0) > view.now - view.snapshot.target.lookbackSeconds * 1000
  return [
    supported({
      code: 'log_spam',
      subject: view.subject,
      since: recent && changed.length ? rolledOutAt(view) : undefined,
      confidence: 0.82,
      introducedByRevision: recent && changed.length > 0,
      summary: `container ${top.log.container} of ${top.log.pod} writes ${Math.round(top.perSecond)} lines a second, ${percent(most.length / lines.length)} of them alike`,
      evidence: [
        {
          source: 'logs',
          asked: `lines a second of ${top.log.pod} -c ${top.log.container}, over the last ${lines.length}`,
          observed: `${Math.round(top.perSecond)}, at ${rate.toFixed(1)} requests a second in all`,
          expected: `below ${manyASecond}`,
        },
        logEvidence(most),
        ...(recent ? revisionEvidence(view, changed) : []),
      ],
    }),
  ]
}
