/** `task-mcp incident start`: by hand, from a firing alert, or from a diagnosis. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import { AbsentError, type ExitCode, exit, UsageError } from '../errors.ts'
import { digestOf } from '../incident/digest.ts'
import { newIncidentId, type Told, type VerdictDigest } from '../incident/entry.ts'
import type { Severity } from '../incident/entry-words.ts'
import { type Incident, incidentOf } from '../incident/state.ts'
import { nearest } from '../nearest.ts'
import { headLines } from '../output/incident.ts'
import type { Settings } from '../settings.ts'
import { lastVerdictFile } from '../state-directory.ts'
import type { Alert } from '../targets/ports.ts'
import { alertSource } from './alerts.ts'
import { openIncident, placeOf, setOpen } from './incident-open.ts'
import { type IncidentOptions, lookOf, print } from './incident-print.ts'
import { type IncidentStore, openStore } from './incident-store.ts'
import { timeSaid } from './incident-times.ts'

interface StartOptions extends IncidentOptions {
  readonly severity?: Severity
  readonly alert?: string
  readonly fromDiagnosis?: string | boolean
  readonly onset?: string
}

type Start = Extract<Told, { type: 'start' }>

/** A verdict older than this, in seconds, opens no incident of now. */
const oldest = 24 * 3600

export async function run(context: Context, words: readonly string[], options: StartOptions): Promise<ExitCode> {
  if (options.alert !== undefined && options.fromDiagnosis)
    throw new UsageError('an incident starts from an alert or from a diagnosis, not from both', 'leave one of them out')
  const open = await openIncident(context)
  if (open !== undefined)
    throw new UsageError(`${open.id} is open on this machine`, 'task-mcp incident status shows it, task-mcp incident resolve ends it')
  const { settings } = await loadSettings(options, context)
  const place = placeOf(settings)
  const store = await openStore(context, place)
  try {
    const told = await startOf(context, words.join(' ').trim(), settings, options)
    const other = store.where === undefined ? undefined : await openFor(store, told.service)
    const id = other?.incident.id ?? newIncidentId(context.clock.now())
    const entries = await store.add(id, [other === undefined ? told : { type: 'note', text: `also reported: ${told.title}` }])
    await setOpen(context, { id, place })
    const reading = await store.read(id)
    const incident = incidentOf([...reading.entries, ...entries])!
    const said = other === undefined ? 'opened' : `open already, by ${other.incident.openedBy}: joined`
    print(context, options, { ...reading, incident, store }, () =>
      [
        ...headLines(incident, context.clock.now(), lookOf(context, options)),
        `${said}; every task-mcp command on this machine is on its time line from now on`,
        '  task-mcp diagnose',
        '  task-mcp incident note "what was seen"',
        '  task-mcp incident status',
        '',
      ].join('\n'),
    )
    return exit.ok
  } finally {
    await store.close()
  }
}

/** The open incident that somebody else has started for this service. */
async function openFor(store: IncidentStore, service: Start['service']): Promise<{ incident: Incident } | undefined> {
  for (const id of (await store.ids()).reverse().slice(0, 10)) {
    const incident = incidentOf((await store.read(id)).entries)
    const same = incident?.service.namespace === service.namespace && incident.service.workload === service.workload
    if (incident?.status === 'open' && same) return { incident }
  }
  return undefined
}

async function startOf(context: Context, title: string, settings: Settings, options: StartOptions): Promise<Start> {
  const now = context.clock.now()
  const nowText = new Date(now).toISOString()
  const onset = options.onset === undefined ? undefined : timeSaid(options.onset, '--onset', now)
  if (onset !== undefined && Date.parse(onset) > now)
    throw new UsageError(`${options.onset} is in the future`, 'an incident begins before it is written down')
  const { namespace, kind, workload } = settings.service
  const service = { namespace, kind, workload, ...(settings.cluster.context === undefined ? {} : { context: settings.cluster.context }) }
  if (options.alert !== undefined) {
    const alert = chosen(await (await alertSource(context, options)).alerts(context.signal), options.alert, namespace)
    const began = new Date(Math.min(now, Date.parse(alert.startsAt) || now)).toISOString()
    return {
      type: 'start',
      title: title || alert.annotations.summary || alert.name,
      severity: options.severity ?? (alert.labels.severity === 'critical' ? 'sev2' : 'sev3'),
      onset: onset ?? began,
      detectedAt: began,
      from: 'alert',
      alert: { name: alert.name, fingerprint: alert.fingerprint, labels: alert.labels },
      service,
    }
  }
  if (options.fromDiagnosis) {
    const { digest, since, target } =
      options.fromDiagnosis === true ? await lastVerdict(context) : await diagnosed(context, settings, String(options.fromDiagnosis))
    if (digest.verdict === 'healthy')
      throw new UsageError(
        `there is nothing to open an incident for: ${digest.headline}`,
        'task-mcp incident start "what users notice" opens one by hand',
      )
    const dated = [since, ...digest.causes.map((cause) => cause.since)]
      .filter((one) => one !== undefined && Date.parse(one) <= now)
      .sort()[0]
    return {
      type: 'start',
      title: title || digest.headline,
      severity: options.severity ?? (digest.down ? 'sev1' : digest.verdict === 'faulty' ? 'sev2' : 'sev3'),
      onset: onset ?? (dated === undefined ? digest.at : new Date(Date.parse(dated)).toISOString()),
      detectedAt: digest.at,
      from: 'diagnosis',
      verdict: digest,
      service: { context: target.context, namespace: target.namespace, kind: target.kind, workload: target.workload },
    }
  }
  if (title === '')
    throw new UsageError(
      'an incident needs a title, an alert or a diagnosis',
      'task-mcp incident start "checkout answers 503"; or --alert NAME, --from-diagnosis',
    )
  return { type: 'start', title, severity: options.severity ?? 'sev2', onset: onset ?? nowText, detectedAt: nowText, from: 'hand', service }
}

/** The firing alert of that name; of several the one of this namespace, else the earliest. */
function chosen(alerts: readonly Alert[], name: string, namespace: string): Alert {
  const firing = alerts.filter((alert) => alert.name === name).sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))
  const alert = firing.find((one) => one.labels.namespace === namespace) ?? firing[0]
  if (alert !== undefined) return alert
  const names = [...new Set(alerts.map((one) => one.name))]
  const meant = nearest(name, names)
  throw new AbsentError(
    `no alert called "${name}" fires`,
    meant
      ? `did you mean ${meant}?`
      : names.length === 0
        ? 'no alert fires; open it by hand with a title'
        : `these do: ${names.join(', ')}`,
  )
}

interface Diagnosed {
  digest: VerdictDigest
  since: string | undefined
  target: Verdict['target']
}

async function diagnosed(context: Context, settings: Settings, runbook: string): Promise<Diagnosed> {
  const { diagnosisNow } = await import('./diagnosis-now.ts')
  const verdict = await diagnosisNow(context, settings, runbook)
  return { digest: digestOf(verdict), since: verdict.symptoms.flatMap((one) => one.since ?? []).sort()[0], target: verdict.target }
}

async function lastVerdict(context: Context): Promise<Diagnosed> {
  const file = lastVerdictFile(context)
  const next = 'task-mcp diagnose, or name a runbook: --from-diagnosis service-downtime'
  if (!(await context.files.exists(file))) throw new AbsentError('no verdict was given on this machine yet', next)
  let last: Diagnosed | undefined
  try {
    last = JSON.parse(await context.files.read(file)) as Diagnosed
  } catch {}
  if (last === undefined || typeof last.digest?.at !== 'string') throw new AbsentError(`the last verdict, in ${file}, cannot be read`, next)
  if (context.clock.now() - Date.parse(last.digest.at) > oldest * 1000)
    throw new AbsentError(`the last verdict on this machine is of ${last.digest.at}, which is too long ago`, next)
  return last
}
