/** What the service calls over HTTP and that answers it with errors, told by the errors that the service logs: any program names whom it asked. */
import { type Claim, type Family, refuted, supported } from '../claim.ts'
import type { Dependency } from '../dependencies.ts'
import { errorsNow } from '../failures.ts'
import { type LogLine, linesOf, logEvidence, patterns, plain } from '../logs.ts'
import { millis } from '../time.ts'
import type { Subject } from '../verdict.ts'
import { logsOf, podIsReady, type View } from '../view.ts'
import { isDown } from './dependencies.ts'

/** Milliseconds of log before the look, the fewest lines, and the least share of all error lines that name one host. */
const recent = 300_000
const fewest = 5
const share = 0.5

const url = /\bhttps?:\/\/(?:[^@/\s"']*@)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d+)?/gi
/** A status of a server's fault said as such: "answered 503", "status code 502", "503 Service Unavailable", `"status":500`. */
const serverFault =
  /(?:answer\w*|status\w*(?:[ _]code)?|return\w*|respon\w+|respond\w+|code|got|HTTP(?:\/\d(?:\.\d)?)?|error)["']?\s*(?:with|of|was|is|:|=|,)?\s*["']?5\d\d(?![\d.])|(?<![\d.:])5\d\d (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)/i

/** The same said of one who is called by what he is, not by a name. */
const nameless =
  /\b(?:upstream|downstream|dependency|backend|remote|provider|partner)\b.{0,60}?(?:answer\w*|return\w*|respon\w+|status\w*(?: code)?|HTTP|got)\W{0,3}(?:with )?5\d\d(?![\d.])/i

export const upstreams: Family = (view) => {
  if (!errorsNow(view)) return []
  const errors = linesOf(logsOf(view)).filter((l) => (millis(l.time) ?? 0) >= view.now - recent && patterns.error.test(plain(l.text)))
  return hostsIn(view, errors).flatMap(({ host, lines }): Claim[] => {
    if (lines.length < fewest || lines.length < errors.length * share) return []
    const dependency = view.dependencies.find((d) => d.host === host || d.serviceName === host.split('.')[0])
    if (dependency && isDown(view, dependency)) return []
    const serving = view.oldPods.filter(podIsReady)
    if (serving.length > 0 && !lines.some((l) => serving.some((p) => p.metadata.name === l.pod)))
      return [
        refuted('external_dependency', subjectFor(dependency, host), `pods of the older revision call ${host} too, and log no failure`),
      ]
    return [claim(view, host, dependency, lines)]
  })
}

/** Hosts that lines about a server's fault name, with those lines; the service's own name is no other's. */
function hostsIn(view: View, errors: readonly LogLine[]): { host: string; lines: LogLine[] }[] {
  const byHost = new Map<string, LogLine[]>()
  for (const line of errors) {
    const text = plain(line.text)
    // Who was not reached did not answer.
    if (!serverFault.test(text) || [patterns.refused, patterns.timeout, patterns.dns].some((p) => p.test(text))) continue
    const named = view.dependencies.flatMap((d) =>
      d.host && new RegExp(`(?<![\\w.-])${d.host.replaceAll('.', '\\.')}(?![\\w-])`, 'i').test(text) ? [d.host] : [],
    )
    const hosts = new Set([...[...text.matchAll(url)].map((m) => m[1]!.toLowerCase()), ...named])
    // Where only one is asked, it is the one.
    const [only, ...more] = view.dependencies
    if (hosts.size === 0 && only?.host && more.length === 0 && nameless.test(text)) hosts.add(only.host)
    for (const host of hosts) {
      const own = host.split('.')[0] === view.service.service || /^(?:localhost|127\.|0\.0\.0\.0)/.test(host)
      if (!own) byHost.set(host, [...(byHost.get(host) ?? []), line])
    }
  }
  return [...byHost].map(([host, lines]) => ({ host, lines })).sort((a, b) => b.lines.length - a.lines.length || (a.host < b.host ? -1 : 1))
}

function subjectFor(dependency: Dependency | undefined, host: string): Subject {
  if (!dependency || dependency.external) return { kind: 'Dependency', name: dependency?.declared ? dependency.name : host }
  const { namespace, workload, workloadKind, serviceName, name } = dependency
  return workload
    ? { kind: workloadKind, namespace, name: workload.metadata.name }
    : { kind: 'Service', namespace, name: serviceName ?? name }
}

function claim(view: View, host: string, dependency: Dependency | undefined, lines: readonly LogLine[]): Claim {
  const pods = new Set(lines.map((l) => l.pod)).size
  return supported({
    code: 'external_dependency',
    subject: subjectFor(dependency, host),
    since: lines[0]?.time,
    confidence: 0.88,
    summary: `${host} answers this service with errors of its own, in ${pods} of ${view.pods.length} pods`,
    evidence: [logEvidence(lines, 'answers below 500')],
  })
}
