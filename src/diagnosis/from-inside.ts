/** What a container inside a pod was told: it decides what objects alone leave open, whether a name resolves there and a port takes a connection. Pure. */
import type { PathAnswer, PathQuestion } from '../facts/inside-questions.ts'
import { type Claim, refuted } from './claim.ts'
import type { Dependency } from './dependencies.ts'
import type { Evidence } from './verdict.ts'
import type { View } from './view.ts'

/** Names and ports that the service lives by, its own among them, each once; at most this many. */
const mostQuestions = 16

const hostOf = (d: Dependency): string | undefined =>
  d.host ?? (d.serviceName && (d.namespace ? `${d.serviceName}.${d.namespace}` : d.serviceName))
const portOf = (d: Dependency): number | undefined => d.port ?? d.service?.spec.ports?.[0]?.port

/** What to ask from inside a pod: its own port, its Service by name, and each dependency by name and port. */
export function insideQuestions(view: View): PathQuestion[] {
  const { service } = view
  const own: PathQuestion[] = [{ host: '127.0.0.1', port: service.port }, { host: `${service.service}.${service.namespace}` }]
  const needed = view.dependencies.flatMap((d): PathQuestion[] => {
    const host = hostOf(d)
    const port = portOf(d)
    return host === undefined ? [] : [{ host }, ...(port === undefined ? [] : [{ host, port }])]
  })
  return [...own, ...needed].slice(0, mostQuestions)
}

const answersOf = (view: View): PathAnswer[] => {
  const { inside } = view.snapshot
  return inside?.state === 'ok' ? inside.value.answers.filter((a) => a.said !== 'cannot-ask') : []
}

/** What was said to a question about a dependency: its port, or its name alone. */
export function answerAbout(view: View, d: Dependency, what: 'name' | 'port'): PathAnswer | undefined {
  const host = hostOf(d)
  const port = what === 'port' ? portOf(d) : undefined
  return host === undefined ? undefined : answersOf(view).find((a) => a.host === host && a.port === port)
}

/** What was asked and said, in words. */
export const answerWords = ({ host, port, said, detail }: PathAnswer): string =>
  `${port === undefined ? `name ${host}` : `${host}:${port}`} ${words[said]}${said === 'ok' || detail === '' ? '' : ` (${detail})`}`

const words: Readonly<Record<PathAnswer['said'], string>> = {
  ok: 'answers',
  refused: 'refuses connections',
  timeout: 'gives no answer in time',
  'no-name': 'does not resolve',
  'cannot-ask': 'could not be asked',
  failed: 'cannot be reached',
}

export const insideEvidence = (view: View, answer: PathAnswer): Evidence => {
  const { inside } = view.snapshot
  return {
    source: 'probe',
    asked: `${answer.port === undefined ? `the address of ${answer.host}` : `a connection to ${answer.host}:${answer.port}`}, from inside pod/${inside?.state === 'ok' ? inside.value.pod : '?'}`,
    observed: `${answer.said}${answer.detail && answer.said !== 'ok' ? `: ${answer.detail}` : ''}`,
    expected: 'ok',
  }
}

/** Claims about a path, which a connection that was really made refutes. */
const aboutPaths: ReadonlySet<string> = new Set(['netpol_egress_block', 'netpol_ingress_block', 'dependency_down'])

/** Claims weighed by what was heard inside: proof added where it agrees, refuted where the path that they call cut was walked. */
export function weighedFromInside(claims: readonly Claim[], view: View): Claim[] {
  if (answersOf(view).length === 0) return [...claims]
  return claims.map((claim) => {
    if (claim.status !== 'supported') return claim
    const about = view.dependencies.filter((d) =>
      claim.code === 'netpol_dns_block' ? true : aboutPaths.has(claim.code) && claim.hints?.dependency === d.name,
    )
    const heard = about.flatMap((d) => answerAbout(view, d, claim.code === 'netpol_dns_block' ? 'name' : 'port') ?? [])
    if (heard.length === 0) return claim
    if (heard.every((a) => a.said === 'ok'))
      return refuted(claim.code, claim.subject, `from inside a pod ${heard.map(answerWords).join(', ')}`)
    return { ...claim, evidence: [...claim.evidence, ...heard.filter((a) => a.said !== 'ok').map((a) => insideEvidence(view, a))] }
  })
}
