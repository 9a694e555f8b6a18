/** Programs that do not start or do not stay up: wrong command, missing variable, a crash of their own. */

import { span } from '../../duration.ts'
import type { Pod } from '../../facts/kubernetes-types.ts'
import { find } from '../../facts/lookup.ts'
import { editedAt, recentDiff, rolledOutAt } from '../changes.ts'
import { type Claim, type Family, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { changeEvidence } from '../revision.ts'
import { type Failing, failing, lastedSeconds, servedSeconds } from '../start-failure.ts'
import { changeText, material, type TemplateChange } from '../template-diff.ts'
import { earliest, millis } from '../time.ts'
import { traffic } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { eventsOf, logsOf, type View } from '../view.ts'
import { runsScript, wrongFormat } from './image.ts'
import { references } from './missing.ts'

export const start: Family = (view) => [...created(view), ...crashed(view), ...forbiddenUser(view)]

const since = (group: readonly Failing[]): string | undefined => earliest(...group.map((f) => f.pod.metadata.creationTimestamp))

export const unique = (pods: readonly Pod[]): Pod[] => [...new Set(pods)]

/** Changes of the newest revision to one container, where these pods are of that revision. */
export function changesTo(view: View, group: readonly Failing[]): TemplateChange[] {
  const first = group[0]!
  if (!view.newPods.includes(first.pod)) return []
  return (recentDiff(view) ?? []).filter((c) => c.container === undefined || c.container === first.container)
}

export function byContainer(list: readonly Failing[]): Failing[][] {
  return [...new Set(list.map((f) => f.container))].map((name) => list.filter((f) => f.container === name))
}

const stateEvidence = (f: Failing): Evidence =>
  seen(
    'Pod',
    f.pod,
    `status.containerStatuses[${f.container}]`,
    short(
      `${f.reason}${f.ended ? `, exit ${f.ended.exitCode}` : ''}, ${f.status?.restartCount ?? 0} restarts${f.message ? `: ${f.message}` : ''}`,
    ),
    'running',
    f.ended?.finishedAt,
  )

/** The runtime could not even start the program. */
function created(view: View): Claim[] {
  return byContainer(failing(view.pods).filter((f) => f.kind === 'create' && (!wrongFormat(view, f) || runsScript(f)))).flatMap(
    (group): Claim[] => {
      const first = group[0]!
      const changed = changesTo(view, group).find((c) => c.field === 'command')
      const pods = unique(group.map((f) => f.pod))
      const wanted = [...(first.spec?.command ?? []), ...(first.spec?.args ?? [])].join(' ')
      return [
        supported({
          code: 'bad_command',
          subject: view.subject,
          since: since(group),
          confidence: changed ? 0.98 : 0.93,
          introducedByRevision: changed !== undefined,
          summary: `${podCount(pods, view.pods.length)} cannot start: the command "${short(wanted || 'of the image', 60)}" cannot be run`,
          evidence: [stateEvidence(first), ...(changed ? [changeEvidence(view, changed)] : [])],
          effects: podEffect(pods, first.reason),
        }),
        refuted('crash_on_start', view.subject, 'the program never ran: the runtime could not start it'),
      ]
    },
  )
}

/** The image would run as root, or as a user that cannot be told from root, and the container says that it must not. */
function forbiddenUser(view: View): Claim[] {
  const refusedToRun = failing(view.pods).filter((f) => f.kind === 'config' && /runAsNonRoot|non-root|runAsUser/i.test(f.message))
  return byContainer(refusedToRun).map((group): Claim => {
    const first = group[0]!
    const changed = changesTo(view, group).find((c) => c.field === 'security' || c.field === 'image')
    const pods = unique(group.map((f) => f.pod))
    return supported({
      code: 'security_context',
      subject: view.subject,
      since: since(group),
      confidence: 0.96,
      introducedByRevision: changed !== undefined,
      summary: `${podCount(pods, view.pods.length)} cannot start: ${short(first.message, 110)}`,
      evidence: [stateEvidence(first), ...(changed ? [changeEvidence(view, changed)] : [])],
      effects: podEffect(pods, first.reason),
    })
  })
}

/** The program started and ended. */
function crashed(view: View): Claim[] {
  return byContainer(failing(view.pods, view.now).filter((f) => f.kind === 'crash')).flatMap((group): Claim[] => {
    const alive = group.filter((f) => !killedByProbe(view, f))
    return alive.length ? judgeCrash(view, alive) : []
  })
}

/** Whether the kubelet ended this container because its liveness or startup probe failed. */
export function killedByProbe(view: View, f: Failing): boolean {
  const killing = eventsOf(view, 'Pod', f.pod.metadata.name, /^Killing$/).some(
    (e) => /failed (?:liveness|startup) probe/i.test(e.message ?? '') && (e.involvedObject.fieldPath ?? f.container).includes(f.container),
  )
  const exit = f.ended?.exitCode
  return killing && (exit === 137 || exit === 143 || exit === 0 || exit === 2)
}

/** A program that does not like its arguments says so before it does anything else: seconds. */
const startSeconds = 10

function judgeCrash(view: View, group: readonly Failing[]): Claim[] {
  const first = group[0]!
  const pods = unique(group.map((f) => f.pod))
  const logs = pods.flatMap((p) => logsOf(view, p.metadata.name, first.container))
  const changed = changesTo(view, group)
  const count = podCount(pods, view.pods.length)
  const base = {
    subject: view.subject,
    since: since(group),
    effects: podEffect(pods, `${first.reason}, exit ${first.ended?.exitCode ?? '?'}`),
  }
  const exit = first.ended?.exitCode
  if (exit === 134 || matching(logs, patterns.heap).length > 0) return [] // the memory family's

  const unreadable = wrongFormat(view, first)
  if (unreadable && !runsScript(first)) return [] // the image family's
  const command = changed.find((c) => c.field === 'command')
  const noProgram = matching(logs, patterns.moduleMissing)
  const rejected = command && (lastedSeconds(first.ended) ?? 0) < startSeconds ? aboutArguments(logs, command) : []
  const told = noProgram.length ? noProgram : rejected
  if (exit === 127 || exit === 126 || unreadable || (command && (told.length > 0 || logs.every((l) => l.lines.length === 0)))) {
    return [
      supported({
        ...base,
        code: 'bad_command',
        confidence: command ? 0.95 : 0.85,
        introducedByRevision: command !== undefined,
        summary: `${count} exit at once: the command is wrong${exit === 127 || exit === 126 ? ` (exit ${exit})` : ''}`,
        evidence: [stateEvidence(first), ...(command ? [changeEvidence(view, command)] : []), ...(told.length ? [logEvidence(told)] : [])],
      }),
    ]
  }

  const variable = missingVariable(view, group, changed)
  if (variable) {
    const { name, change, lines } = variable
    return [
      supported({
        ...base,
        code: 'missing_env',
        confidence: change && lines.length ? 0.97 : change ? 0.85 : 0.8,
        introducedByRevision: change !== undefined,
        hints: { variable: name },
        summary: `${count} exit at start: environment variable ${name} is not set`,
        evidence: [
          stateEvidence(first),
          ...(change ? [changeEvidence(view, change)] : []),
          ...(lines.length ? [logEvidence(lines, `${name} is set`)] : []),
        ],
      }),
      refuted('crash_on_start', view.subject, `the program asks for ${name} and stops without it`),
    ]
  }

  const mounted = mountedChange(view, group, changed)
  const tail = lastWords(logs)
  if (mounted) {
    const credentials = mounted.kind === 'Secret'
    const refusedLines = matching(logs, patterns.credentials)
    return [
      supported({
        ...base,
        code: credentials ? 'corrupt_credentials' : 'config_change',
        subject: { kind: mounted.kind, namespace: view.service.namespace, name: mounted.name },
        since: mounted.at ?? base.since,
        confidence: refusedLines.length || tail ? 0.85 : 0.7,
        summary: `${count} crash at start since ${mounted.kind} ${mounted.name} was edited; the template is the same`,
        evidence: [
          stateEvidence(first),
          {
            source: 'kubernetes',
            asked: `${mounted.kind.toLowerCase()}/${mounted.name} metadata.managedFields`,
            observed: `edited${mounted.by ? ` by ${mounted.by}` : ''}, after the last revision and before the pods that fail`,
            at: mounted.at,
          },
          ...(tail ? [logEvidence([tail])] : []),
        ],
      }),
      refuted('bad_release', view.subject, 'the pod template did not change before the crashes began'),
    ]
  }
  const why = material(changed)
  const served = (lastedSeconds(first.ended) ?? 0) >= servedSeconds && (traffic(view)?.byPod.get(first.pod.metadata.name)?.total ?? 0) > 0
  const crash = supported({
    ...base,
    code: served && why.length > 0 ? 'bad_release' : 'crash_on_start',
    confidence: why.length || tail ? 0.85 : 0.7,
    introducedByRevision: why.length > 0,
    summary: `${count} crash: container ${first.container} ends with exit ${exit ?? '?'}${exit === 0 ? ' (it finishes instead of serving)' : ''} after ${lasted(first)}${why.length ? `, since revision ${view.revisions[0]?.number} (${why.slice(0, 3).map(changeText).join(', ')})` : ''}`,
    evidence: [stateEvidence(first), ...why.slice(0, 3).map((c) => changeEvidence(view, c)), ...(tail ? [logEvidence([tail])] : [])],
  })
  return [crash]
}

/** Lines in which a program tells how it wants to be called, or names an argument that the change brought in. */
function aboutArguments(logs: ReturnType<typeof logsOf>, command: TemplateChange): ReturnType<typeof matching> {
  const words = (text: string | undefined): string[] => text?.match(/[^\s"[\],=]{3,}/g) ?? []
  const before = new Set(words(command.from))
  const added = words(command.to).filter((w) => !before.has(w))
  return matching(logs, /\S/).filter((l) => /\busage:/i.test(l.text) || added.some((w) => l.text.includes(w)))
}

const lasted = (f: Failing): string => {
  const s = lastedSeconds(f.ended)
  return s === undefined ? 'an unknown time' : span(s)
}

/** The last line that says an error, else the last line of the run that failed. */
function lastWords(logs: ReturnType<typeof logsOf>): ReturnType<typeof matching>[number] | undefined {
  const previous = logs.filter((l) => l.previous)
  const from = previous.length ? previous : logs
  return matching(from, patterns.error).at(-1) ?? matching(from, /\S/).at(-1)
}

const upper = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\b/g

/** An environment variable that the program misses: removed by the newest revision, or named as missing by the program and set nowhere. */
function missingVariable(
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

/** A ConfigMap or Secret of the pod that was edited after the newest revision and before a pod that fails started. */
function mountedChange(
  view: View,
  group: readonly Failing[],
  changed: readonly TemplateChange[],
): { kind: 'ConfigMap' | 'Secret'; name: string; at: string | undefined; by: string | undefined } | undefined {
  if (material(changed).length > 0 && (millis(rolledOutAt(view)) ?? 0) > view.now - 3_600_000) return undefined
  const started = Math.max(...group.map((f) => millis(f.status?.state?.running?.startedAt) ?? millis(f.ended?.startedAt) ?? 0))
  const candidates = references(group[0]!.pod.spec).flatMap((r) => {
    const object = find(view.snapshot, r.kind === 'Secret' ? 'secrets' : 'configmaps', r.name, view.service.namespace)
    const at = object && editedAt(object)
    const edited = millis(at)
    const created = millis(object?.metadata.creationTimestamp)
    if (!object || edited === undefined || created === undefined || edited - created < 1500) return []
    return edited <= started && edited >= view.now - view.snapshot.target.lookbackSeconds * 1000
      ? [{ kind: r.kind, name: r.name, at, by: object.metadata.managedFields?.find((m) => m.time === at)?.manager }]
      : []
  })
  return candidates.sort((a, b) => (millis(b.at) ?? 0) - (millis(a.at) ?? 0))[0]
}
