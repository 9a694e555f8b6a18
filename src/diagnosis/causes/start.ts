/** Programs that do not start or do not stay up: wrong command, missing variable, a crash of their own. */
import { type Claim, type Family, podCount, podEffect, refuted, seen, short, supported } from '../claim.ts'
import { logEvidence, matching, patterns } from '../logs.ts'
import { changeEvidence } from '../revision.ts'
import { type Failing, failing, lastedSeconds, lastedText, servedSeconds } from '../start-failure.ts'
import { changeText, material } from '../template-diff.ts'
import { earliest } from '../time.ts'
import { traffic } from '../traffic.ts'
import type { Evidence } from '../verdict.ts'
import { logsOf, type View } from '../view.ts'
import { aboutArguments, lastWords, missingVariable, mountedChange } from './crash-reasons.ts'
import { byContainer, changesTo, killedByProbe, killedUnderLowerLimit, unique } from './failing-group.ts'
import { runsScript, wrongFormat } from './image.ts'

export const start: Family = (view) => [...created(view), ...crashed(view), ...forbiddenUser(view)]

const since = (group: readonly Failing[]): string | undefined => earliest(...group.map((f) => f.pod.metadata.creationTimestamp))

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
  if (exit === 134 || matching(logs, patterns.heap).length > 0 || group.some((f) => killedUnderLowerLimit(view, f))) return [] // the memory family's

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
            asked: `${mounted.kind.toLowerCase()}/${mounted.name} metadata.${mounted.at ? 'managedFields' : 'resourceVersion'}`,
            observed: mounted.at
              ? `edited${mounted.by ? ` by ${mounted.by}` : ''}, after the last revision and before the pods that fail`
              : 'written again after it was made, and no field or time of that is left: a key was taken away',
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
    summary: `${count} crash: container ${first.container} ends with exit ${exit ?? '?'}${exit === 0 ? ' (it finishes instead of serving)' : ''} after ${lastedText(first.ended)}${why.length ? `, since revision ${view.revisions[0]?.number} (${why.slice(0, 3).map(changeText).join(', ')})` : ''}`,
    evidence: [stateEvidence(first), ...why.slice(0, 3).map((c) => changeEvidence(view, c)), ...(tail ? [logEvidence([tail])] : [])],
  })
  return [crash]
}
