/** What a program that ended had been given: arguments, variables, files, and its last words. */
import { find } from '../../facts/lookup.ts'
import { editedAt, editedSinceMade, rolledOutAt } from '../changes.ts'
import { matching, patterns } from '../logs.ts'
import type { Failing } from '../start-failure.ts'
import { material, type TemplateChange } from '../template-diff.ts'
import { millis } from '../time.ts'
import { logsOf, type View } from '../view.ts'
import { writtenAfter } from '../written.ts'
import { unique } from './failing-group.ts'
import { references } from './missing.ts'

/** Lines in which a program tells how it wants to be called, or names an argument that the change brought in. */
export function aboutArguments(logs: ReturnType<typeof logsOf>, command: TemplateChange): ReturnType<typeof matching> {
  const words = (text: string | undefined): string[] => text?.match(/[^\s"[\],=]{3,}/g) ?? []
  const before = new Set(words(command.from))
  const added = words(command.to).filter((w) => !before.has(w))
  return matching(logs, /\S/).filter((l) => /\busage:/i.test(l.text) || added.some((w) => l.text.includes(w)))
}

/** The last line that says an error, else the last line of the run that failed. */
export function lastWords(logs: ReturnType<typeof logsOf>): ReturnType<typeof matching>[number] | undefined {
  const previous = logs.filter((l) => l.previous)
  const from = previous.length ? previous : logs
  return matching(from, patterns.error).at(-1) ?? matching(from, /\S/).at(-1)
}

const upper = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\b/g

/** An environment variable that the program misses: removed by the newest revision, or named as missing by the program and set nowhere. */
export function missingVariable(
  view: View,
  group: readonly Failing[],
  changed: readonly TemplateChange[],
): { name: string; change: TemplateChange | undefined; lines: ReturnType<typeof matching> } | undefined {
  const first = group[0]!
  const logs = unique(group.map((f) => f.pod)).flatMap((p) => logsOf(view, p.metadata.name, first.container))
  const complaint = matching(logs, patterns.missingSetting)
  const removed = changed.filter((c) => c.field === 'env' && !c.to && c.name && c.name !== 'envFrom')
  const named = removed.find(
    (c) => complaint.some((l) => l.text.includes(c.name!)) || matching(logs, patterns.error).some((l) => l.text.includes(c.name!)),
  )
  if (named) return { name: named.name!, change: named, lines: matching(logs, new RegExp(`\\b${named.name!}\\b`)) }
  // Renamed or removed together with nothing else that could explain the crash.
  if (removed.length > 0 && material(changed).every((c) => c.field === 'env'))
    return { name: removed[0]!.name!, change: removed[0], lines: [] }
  const set = new Set((first.spec?.env ?? []).filter((e) => e.value !== '').map((e) => e.name))
  if (first.spec?.envFrom?.length) return undefined
  for (const line of complaint) {
    const words = (line.text.match(upper) ?? []).filter(
      (w) =>
        w.length >= 3 &&
        (w.includes('_') || w.length >= 5) &&
        !set.has(w) &&
        !/^(ERROR|FATAL|CRITICAL|EXCEPTION|NOTICE|TRACE|WARN|WARNING|INFO|DEBUG|TypeError|HTTP|HTTPS|JSON|NULL|TRUE|FALSE|POST|DELETE|PATCH|ENOENT|ERR_[A-Z_]+|MODULE_NOT_FOUND|E[A-Z]{4,})$/.test(
          w,
        ),
    )
    if (words[0]) return { name: words[0], change: undefined, lines: [line] }
  }
  return undefined
}

/** An edit that pods crash by; `at` and `by` are unknown where the edit left neither. */
interface MountedChange {
  kind: 'ConfigMap' | 'Secret'
  name: string
  at: string | undefined
  by: string | undefined
}

/** A ConfigMap or Secret of the pod that was edited after the newest revision and before a pod that fails started. */
export function mountedChange(view: View, group: readonly Failing[], changed: readonly TemplateChange[]): MountedChange | undefined {
  if (material(changed).length > 0 && (millis(rolledOutAt(view)) ?? 0) > view.now - 3_600_000) return undefined
  const started = Math.max(...group.map((f) => millis(f.status?.state?.running?.startedAt) ?? millis(f.ended?.startedAt) ?? 0))
  const from = view.now - view.snapshot.target.lookbackSeconds * 1000
  const candidates = references(group[0]!.pod.spec).flatMap((r): (MountedChange & { after: number })[] => {
    const object = find(view.snapshot, r.kind === 'Secret' ? 'secrets' : 'configmaps', r.name, view.service.namespace)
    const at = object && editedAt(object)
    const edited = millis(at)
    const created = millis(object?.metadata.creationTimestamp)
    if (!object || edited === undefined || created === undefined) return []
    if (editedSinceMade(object))
      return edited <= started && edited >= from
        ? [{ kind: r.kind, name: r.name, at, by: object.metadata.managedFields?.find((m) => m.time === at)?.manager, after: edited }]
        : []
    const after = writtenAfter(view.snapshot, object) ?? 0
    return editedSinceMade(object, after) && after <= started && after >= from
      ? [{ kind: r.kind, name: r.name, at: undefined, by: undefined, after }]
      : []
  })
  return candidates.sort((a, b) => Number(a.at === undefined) - Number(b.at === undefined) || b.after - a.after)[0]
}
