/** Checks of what was changed, and of what the pods refer to. */

import { span } from '../../duration.ts'
import { all, find, sees } from '../../facts/lookup.ts'
import { references } from '../causes/missing.ts'
import { type Change, changes, keysOf, lastEdit, newestDiff } from '../changes.ts'
import { changeText } from '../template-diff.ts'
import { millis } from '../time.ts'
import { containerStatuses, type View } from '../view.ts'
import { blind, type CheckResult, found, ok, some, troubled, unknown } from './result.ts'

const told = (view: View, list: readonly Change[]): string =>
  some(
    list.map(
      (c) => `${c.kind} ${c.name} ${span((view.now - (millis(c.at) ?? view.now)) / 1000)} ago (${c.what}${c.by ? `, by ${c.by}` : ''})`,
    ),
  )

export function recentChanges(view: View): CheckResult {
  const unseen = blind(view, 'replicasets', 'configmaps')
  const list = changes(view)
  if (list.length === 0) return unseen ?? ok(`nothing changed in the last ${span(view.snapshot.target.lookbackSeconds)}`)
  const text = told(view, list)
  return troubled(view) ? found(text) : ok(`${text}; the service is well`)
}

export function configReferences(view: View): CheckResult {
  const spec = view.template?.spec
  if (!spec) return unknown('the pod template was not seen')
  const kinds = { ConfigMap: 'configmaps', Secret: 'secrets' } as const
  const named = references(spec)
  const seen = named.filter((r) => sees(view.snapshot, kinds[r.kind]))
  const problems = seen.flatMap((r) => {
    const object = find(view.snapshot, kinds[r.kind], r.name, view.service.namespace)
    if (!object) return [`${r.kind} ${r.name} does not exist (${r.where})`]
    return r.key && keysOf(object)?.has(r.key) === false ? [`${r.kind} ${r.name} has no key ${r.key} (${r.where})`] : []
  })
  const stuck = view.pods.flatMap((p) =>
    containerStatuses(p)
      .filter((s) => s.state?.waiting?.reason === 'CreateContainerConfigError')
      .map((s) => s.state?.waiting?.message ?? ''),
  )
  if (problems.length) return found(some([...new Set(problems)]))
  if (stuck.length) return found(`a container cannot be made: ${stuck[0]}`)
  const unseen = [...new Set(named.filter((r) => !seen.includes(r)).map((r) => kinds[r.kind]))]
  const objects = new Set(named.map((r) => `${r.kind}/${r.name}`)).size
  return unseen.length ? unknown(`cannot see ${unseen.join(' and ')}, which the pods need`) : ok(`${objects} named by the pods, all there`)
}

/** Objects of a kind that the pods use and that were edited after the oldest, or shortly before the newest, pod started. */
function usedAndEdited(
  view: View,
  what: 'configMap' | 'secret',
): { name: string; at: number; by: string | undefined; afterStart: boolean }[] {
  const spec = view.template?.spec
  const wanted = new Set(
    (spec ? references(spec) : []).filter((r) => r.kind === (what === 'secret' ? 'Secret' : 'ConfigMap')).map((r) => r.name),
  )
  const since = view.now - view.snapshot.target.lookbackSeconds * 1000
  const starts = view.pods.map((p) => millis(p.status?.startTime) ?? Number.POSITIVE_INFINITY)
  return all(view.snapshot, what === 'secret' ? 'secrets' : 'configmaps')
    .filter((o) => wanted.has(o.metadata.name) && o.metadata.namespace === view.service.namespace)
    .flatMap((o) => {
      const edit = lastEdit(o)
      const at = millis(edit?.time)
      return at !== undefined && at >= since
        ? [{ name: o.metadata.name, at, by: edit?.manager, afterStart: starts.some((s) => s < at) }]
        : []
    })
    .sort((a, b) => b.at - a.at)
}

function edits(view: View, what: 'configMap' | 'secret', word: string): CheckResult {
  const unseen = blind(view, what === 'secret' ? 'secrets' : 'configmaps')
  if (unseen) return unseen
  if (!view.template) return unknown('the pod template was not seen')
  const list = usedAndEdited(view, what)
  if (list.length === 0) return ok(`no ${word} that the pods use was edited in the last ${span(view.snapshot.target.lookbackSeconds)}`)
  const text = some(
    list.map(
      (e) =>
        `${word} ${e.name} edited ${span((view.now - e.at) / 1000)} ago${e.by ? ` by ${e.by}` : ''}, ${e.afterStart ? 'after pods started: they still hold the old one where they read it once' : 'before every pod started: they hold the new one'}`,
    ),
  )
  return troubled(view) ? found(text) : ok(`${text}; the service is well`)
}

export function configChanges(view: View): CheckResult {
  const environment = (newestDiff(view) ?? []).filter((c) => c.field === 'env')
  const edited = edits(view, 'configMap', 'ConfigMap')
  if (environment.length === 0) return edited
  const text = `the newest revision changed ${some(environment.map(changeText))}`
  return { status: troubled(view) ? 'found' : edited.status, found: `${text}; ${edited.found}` }
}

export const secretChanges = (view: View): CheckResult => edits(view, 'secret', 'Secret')
