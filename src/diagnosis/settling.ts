/** Whether a look came too early: something moved so shortly before it that what it does may not be visible yet. Pure. */
import { changes } from './changes.ts'
import { errorTemplates, linesOf } from './logs.ts'
import { latest, millis } from './time.ts'
import { logsOf, podIsReady, type View } from './view.ts'

/** A kubelet reports within 10 s, endpoints follow within 1 s, and Prometheus scrapes every 15 s by default: seconds after which all have spoken. */
const settledAfter = 20

/** What moved last, and how many seconds before the look; undefined where nothing did within 20 s. */
export function settling(view: View): string | undefined {
  const observed = (view.workload?.status as { observedGeneration?: number } | undefined)?.observedGeneration
  if (observed !== undefined && observed < (view.workload?.metadata.generation ?? 0))
    return 'the controller has not seen the newest template'
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
