/** Whether a look came too early: something moved so shortly before it that what it does may not be visible yet. Pure. */
import { changes, rolledOutAt } from './changes.ts'
import { errorsNow } from './failures.ts'
import { errorTemplates, linesOf } from './logs.ts'
import { latest, millis } from './time.ts'
import { traffic } from './traffic.ts'
import { logsOf, podIsReady, type View } from './view.ts'

/** A kubelet reports within 10 s, endpoints follow within 1 s, and Prometheus scrapes every 15 s by default: seconds after which all have spoken. */
const settledAfter = 20

/** What moved last, and how many seconds before the look; undefined where nothing did within 20 s. */
export function settling(view: View): string | undefined {
  const observed = (view.workload?.status as { observedGeneration?: number } | undefined)?.observedGeneration
  if (observed !== undefined && observed < (view.workload?.metadata.generation ?? 0))
    return 'the controller has not seen the newest template'
  // Health is kept for a moment by those who answer for it: a service that has just begun to fail may still say that it is well.
  if (
    view.snapshot.target.url !== undefined &&
    errorsNow(view) &&
    view.snapshot.probes.some((p) => p.result.state === 'ok' && p.result.value.status < 300 && p.purpose === 'ready')
  )
    return 'requests fail, and the service calls itself ready'
  const change = changes(view)[0]
  const restless = [...view.pods.filter((p) => !podIsReady(p)), ...view.leaving]
  const moved: [what: string, at: string | undefined][] = [
    ...(change ? [[`${change.kind} ${change.name} ${change.what}`, change.at] as [string, string]] : []),
    ...restless.map((p): [string, string | undefined] => [
      `Pod ${p.metadata.name}`,
      latest(p.metadata.creationTimestamp, p.metadata.deletionTimestamp, ...(p.status?.conditions ?? []).map((c) => c.lastTransitionTime)),
    ]),
  ]
  const ages = moved.flatMap(([what, at]) => (millis(at) === undefined ? [] : [{ what, age: Math.round((view.now - millis(at)!) / 1000) }]))
  const youngest = ages.sort((a, b) => a.age - b.age)[0]
  return youngest && youngest.age < settledAfter ? `${youngest.what} moved ${Math.max(0, youngest.age)} s ago` : undefined
}

/** Error lines of one kind that are more than a stray one. */
const fewErrors = 3

/** A kind of error line that began within 20 s before the look, in logs that reach further back: counters may not tell of it yet. */
export function freshErrors(view: View): string | undefined {
  const excerpts = logsOf(view)
  const edge = view.now - settledAfter * 1000
  const earlier = linesOf(excerpts).some((line) => (millis(line.time) ?? edge) < edge)
  const fresh = errorTemplates(excerpts).find(({ count, lines }) => count >= fewErrors && lines.every((l) => (millis(l.time) ?? 0) >= edge))
  return earlier && fresh ? `${fresh.count} error lines of a kind that was not in the logs ${settledAfter} s ago` : undefined
}

/** A release is young for so many seconds: its first failures may be all that was counted yet. */
const youngRelease = 120
const fewFailures = 2

/** Failures of a release that is minutes old, in its own pods alone and above the threshold there, but too few to be sure of; what was counted, else undefined. */
export function firstFailures(view: View): string | undefined {
  const rolled = millis(rolledOutAt(view))
  const now = traffic(view)
  if (!now || rolled === undefined || view.now - rolled > youngRelease * 1000 || view.revisions.length < 2) return undefined
  const fresh = view.newPods.flatMap((p) => now.byPod.get(p.metadata.name) ?? [])
  const [total, bad] = [fresh.reduce((sum, of) => sum + of.total, 0), fresh.reduce((sum, of) => sum + of.bad, 0)]
  const theirs = bad >= fewFailures && bad === now.bad && bad / total > view.thresholds.errorRatio
  return theirs
    ? `${Math.round(bad)} of the first ${Math.round(total)} requests to revision ${view.revisions[0]!.number} failed`
    : undefined
}

/** Requests fail and no cause was found: counters by pod, by route and by dependency come with the next scrapes. */
export const unexplained = (view: View): string | undefined =>
  errorsNow(view) ? 'requests fail, and nothing that was counted so far explains it' : undefined

/** Every request that was counted failed, though too few to be sure of; what was counted, else undefined. */
export function nothingServed(view: View): string | undefined {
  const now = traffic(view)
  return now && now.bad > 0 && now.bad === now.total
    ? `${Math.round(now.total)} of ${Math.round(now.total)} requests that were counted failed`
    : undefined
}
