/** A pool of connections that is too small for what is asked of it. */
import { keysOf, recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, refuted, supported } from '../claim.ts'
import { editEvidence, readConfigMap } from '../edits.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { changeEvidence } from '../revision.ts'
import { feltByUsers } from '../symptoms.ts'
import type { Evidence, Subject } from '../verdict.ts'
import { instant, logsOf, type View } from '../view.ts'
import { isDown } from './dependencies.ts'

/** What the pool says now: pods all of whose connections are in use while something waits for one. */
export function fullPools(view: View): {
  pods: (string | undefined)[]
  full: (string | undefined)[]
  last: (state: string, pod: string | undefined) => number
} {
  const series = instant(view, 'pool') ?? []
  const last = (state: string, pod: string | undefined): number =>
    series.find((s) => s.labels.state === state && s.labels.pod === pod)?.points.at(-1)?.[1] ?? 0
  const pods = [...new Set(series.map((s) => s.labels.pod))]
  const full = pods.filter((p) => last('waiting', p) > 0 && last('max', p) > 0 && last('in_use', p) >= last('max', p))
  return { pods, full, last }
}

/** Seconds that a connection is taken for one query, where every connection of a pod is: connections by queries a second. Undefined where some are free. */
export function servedIn(view: View): number | undefined {
  const { pods, full, last } = fullPools(view)
  const perSecond = instant(view, 'query_rate')?.[0]?.points.at(-1)?.[1] ?? 0
  return full.length === 0 || full.length < pods.length / 2 || perSecond === 0
    ? undefined
    : pods.reduce((sum, p) => sum + last('max', p), 0) / perSecond
}

export function pool(view: View): Claim[] {
  const { pods, full, last } = fullPools(view)
  const lines = matching(logsOf(view), patterns.pool, view.now - 120_000)
  if (full.length === 0 && lines.length < 3) return []
  // A store that writes one after the other has all of its one connection in use whenever it is asked: nobody's trouble by itself.
  if (lines.length === 0 && !feltByUsers(view)) return []
  if (view.dependencies.some((d) => isDown(view, d)))
    return [refuted('pool_exhausted', view.subject, 'the database itself is down; the pool waits for it')]
  const evidence: Evidence[] = full.map((p) => ({
    source: 'prometheus',
    asked: `db_pool_connections{pod="${p}"}`,
    observed: `in use ${last('in_use', p)} of ${last('max', p)}, waiting ${last('waiting', p)}`,
    expected: 'none waiting',
  }))
  const change = poolChange(view)
  return [
    supported({
      code: 'pool_exhausted',
      subject: change?.subject ?? view.subject,
      since: change?.at,
      confidence: full.length && lines.length ? 0.95 : 0.82,
      introducedByRevision: change?.byRevision === true,
      summary: full.length
        ? `the connection pool is full in ${full.length} of ${pods.length} pods and requests wait for a connection`
        : 'requests time out waiting for a pooled connection',
      evidence: [...evidence, ...(lines.length ? [logEvidence(lines)] : []), ...(change ? [change.evidence] : [])],
    }),
  ]
}

/** A name that speaks of how many connections there may be. */
const poolName = /pool|conn(?:ection)?s?(?:_?(?:max|limit|size|count))|max_?conn/i

/** The newest change that may have set the size of the pool: a variable of the template by its name, else a ConfigMap with such a key that was edited and read. */
function poolChange(view: View): { subject: Subject; at: string | undefined; evidence: Evidence; byRevision: boolean } | undefined {
  const own = recentDiff(view)?.find((c) => c.field === 'env' && poolName.test(c.name ?? ''))
  if (own) return { subject: view.subject, at: rolledOutAt(view), evidence: changeEvidence(view, own), byRevision: true }
  const edit = readConfigMap(view, true)
  if (!edit || ![...(keysOf(edit.object) ?? [])].some((key) => poolName.test(key))) return undefined
  const subject = { kind: edit.kind, namespace: view.service.namespace, name: edit.object.metadata.name }
  return { subject, at: new Date(edit.at).toISOString(), evidence: editEvidence(edit), byRevision: false }
}
