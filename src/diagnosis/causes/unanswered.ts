/** A dependency that is there and is not heard of in time: told by the time-outs that the service logs, or by how long its readiness answer takes. */
import { type Claim, type Family, open, refuted, supported } from '../claim.ts'
import { type Dependency, namesDependency } from '../dependencies.ts'
import { errorsNow } from '../failures.ts'
import { type LogLine, linesOf, logEvidence, patterns, plain } from '../logs.ts'
import { millis } from '../time.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { logsOf, podIsReady, probesOf, type View } from '../view.ts'
import { broughtIn, isDown } from './dependencies.ts'

/** Milliseconds of log before the look, the fewest lines, and the least share of all error lines that name one dependency. */
const recent = 300_000
const fewest = 3
const share = 0.5
/** What nobody complained of for so many milliseconds is over. */
const still = 60_000

export const unanswered: Family = (view) => {
  const said = timedOut(view)
  return said.length > 0 ? said : lateReadiness(view)
}

function timedOut(view: View): Claim[] {
  const errors = linesOf(logsOf(view)).filter((l) => (millis(l.time) ?? 0) >= view.now - recent && patterns.error.test(plain(l.text)))
  const bodies = probesOf(view, 'pod').filter((p) => p.result.state === 'ok' && p.result.value.status >= 500)
  const suffers = errorsNow(view) !== undefined || view.pods.some((p) => !podIsReady(p))
  if (!suffers) return []
  return view.dependencies.flatMap((d): Claim[] => {
    if (isDown(view, d) || broughtIn(view, d)) return []
    const named = namesDependency(d)
    const alone = view.dependencies.length === 1
    const late = (text: string): boolean =>
      waits.test(text) && !patterns.pool.test(text) && (named.test(text) || (alone && !place.test(text)))
    const about = (text: string): boolean => late(text) || (d.pods.length === 0 && away.test(text) && named.test(text))
    const lines = errors.filter((l) => about(plain(l.text))).sort((a, b) => (millis(a.time) ?? 0) - (millis(b.time) ?? 0))
    const body = bodies.find((p) => p.result.state === 'ok' && about(p.result.value.body))
    const over = (millis(lines.at(-1)?.time) ?? 0) < view.now - still
    if (!body && (over || lines.length < fewest || lines.length < errors.length * share)) return []
    const serving = view.oldPods.filter(podIsReady)
    if (lines.length > 0 && serving.length > 0 && !lines.some((l) => serving.some((p) => p.metadata.name === l.pod)))
      return [refuted('dependency_slow', subjectOf(d), `pods of the older revision ask ${d.name} too, and log no time-out`)]
    return [claim(d, lines, body)]
  })
}

/** Seconds that a readiness answer takes where it waits for somebody, and how many times the liveness answer of the same pod it takes then. */
const lateSeconds = 0.5
const timesLiveness = 5

/** Every pod answers whether it lives at once, and whether it is ready only after a while: what readiness asks is late. */
function lateReadiness(view: View): Claim[] {
  const took = (pod: string, purpose: 'ready' | 'live'): number | undefined => {
    const probe = probesOf(view, 'pod', pod).find((p) => p.purpose === purpose && p.port === view.service.port)
    return probe?.result.state === 'ok' && probe.result.value.status < 500 ? probe.result.value.seconds : undefined
  }
  const times = view.pods.flatMap((p) => {
    const [ready, live] = [took(p.metadata.name, 'ready'), took(p.metadata.name, 'live')]
    return ready === undefined || live === undefined ? [] : [{ pod: p.metadata.name, ready, live }]
  })
  const one = times[0]
  if (!one || times.some((t) => t.ready < lateSeconds || t.ready < timesLiveness * t.live)) return []
  const inside = view.dependencies.filter((d) => !d.external && !isDown(view, d))
  const evidence: Evidence = {
    source: 'probe',
    asked: `GET ${view.service.health.ready} and ${view.service.health.live} of pod/${one.pod}, time to answer`,
    observed: `${one.ready.toFixed(2)} s, ${one.live.toFixed(2)} s`,
    expected: 'alike',
  }
  const [only] = inside
  if (!only || view.dependencies.length > 1)
    return [open('dependency_slow', view.subject, 'readiness waits for something; which dependency it waits for is not known')]
  return [
    supported({
      code: 'dependency_slow',
      subject: subjectOf(only),
      confidence: 0.72,
      summary: `${only.name} answers late: readiness, which asks for it, takes ${one.ready.toFixed(1)} s in every pod; liveness answers at once`,
      evidence: [evidence],
    }),
  ]
}

/** What is said of one who was reached, or should have been, and did not answer in time. */
const waits = new RegExp(`${patterns.timeout.source}|socket hang up|closed by|connection terminated|ECONNRESET`, 'i')

/** Where something is, by host and port or URL; a line without it is about the only one who is asked. */
const place = /\bhttps?:\/\/|(?<![\w:])[a-z0-9][a-z0-9.-]*[a-z0-9]:\d{2,5}\b(?!:)/i

/** The same of one who is not in the cluster: where nobody listens, or the name is not known, there is nothing here to look at. */
const away = new RegExp(`${patterns.refused.source}|${patterns.dns.source}`, 'i')

const subjectOf = (d: Dependency): Subject =>
  d.external
    ? { kind: 'Dependency', name: d.name }
    : d.workload
      ? { kind: d.workloadKind, namespace: d.namespace, name: d.workload.metadata.name }
      : { kind: 'Service', namespace: d.namespace, name: d.serviceName ?? d.name }

function claim(d: Dependency, lines: readonly LogLine[], body: View['snapshot']['probes'][number] | undefined): Claim {
  const seen = d.pods.some(podIsReady)
  const evidence: Evidence[] = [
    ...(lines.length > 0 ? [logEvidence(lines, 'answers in time')] : []),
    ...(body?.result.state === 'ok'
      ? [
          {
            source: 'probe' as const,
            asked: `GET ${body.path} of pod/${body.name}:${body.port}`,
            observed: `${body.result.value.status} ${body.result.value.body.trim()}`,
            expected: '200',
          },
        ]
      : []),
  ]
  return supported({
    // What has no pod that we see is outside our reach.
    code: seen ? 'dependency_slow' : 'external_dependency',
    subject: subjectOf(d),
    since: lines[0]?.time,
    confidence: 0.8,
    summary: seen
      ? `${d.name} is ready and does not answer in time`
      : `${d.name} stands outside what can be seen here, and cannot be reached`,
    evidence,
  })
}
