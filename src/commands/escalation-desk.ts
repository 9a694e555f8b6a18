/** What every command about escalation begins with: the levels, the people, and what is known of the trouble. */

import { everybody, type NoticeEntry } from '../actions/notice-record.ts'
import { openRecord, type Recorded } from '../actions/run-record.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { ExpectedError, InterruptedError, UsageError } from '../errors.ts'
import type { Person } from '../incident/contacts.ts'
import { digestOf } from '../incident/digest.ts'
import type { Told, VerdictDigest } from '../incident/entry.ts'
import type { Call, Fact, Situation } from '../incident/escalation.ts'
import { factsFrom } from '../incident/facts.ts'
import { type Incident, incidentOf, situationOf } from '../incident/state.ts'
import type { Level } from '../runbook/runbook.ts'
import type { Settings } from '../settings.ts'
import type { GlobalOptions } from './entry.ts'
import { loadPeople } from './escalation-people.ts'
import { type OpenIncident, openIncident } from './incident-open.ts'
import { openStore } from './incident-store.ts'

export interface DeskOptions extends GlobalOptions {
  readonly onset?: string
  readonly look: boolean
  readonly answer?: readonly string[]
}

export interface Desk {
  settings: Settings
  levels: Level[]
  people: Person[]
  /** `context/namespace/workload`. */
  service: string
  incident: Incident | undefined
  /** Where the onset is from, for people. */
  onsetFrom: string
  situation: Situation
  verdict: VerdictDigest | undefined
  /** Why there is no verdict. */
  unseen: string | undefined
  /** What was sent since the onset, oldest first. */
  sent: Extract<NoticeEntry, { type: 'notified' }>[]
  /** Changes since the onset, each with what became of it. */
  tried: string[]
  /** Keeps something: in the run record always, and in the open incident. */
  keep(entry: NoticeWithout, told: Told): Promise<void>
}

/** An entry without what the desk knows itself. */
export type NoticeWithout = NoticeEntry extends infer One
  ? One extends NoticeEntry
    ? Omit<One, 'id' | 'service' | 'onset'>
    : never
  : never

const day = 86_400_000
/** After so long without a call, the next one is about something else. */
const longestPause = day / 4

/** Reads settings, runbooks, schedules and the record, and unless told not to looks at the service. */
export async function openDesk(context: Context, options: DeskOptions): Promise<Desk> {
  const { settings } = await loadSettings(options, context)
  const now = context.clock.now()
  const { levels, people } = await loadPeople(context, settings, now)
  const open = await openIncident(context)
  const incident = open && (await readIncident(context, open))
  const { namespace, workload } = incident?.service ?? settings.service
  const service = `${settings.cluster.context ?? incident?.service.context ?? 'current'}/${namespace}/${workload}`
  const seen = options.look ? await lookNow(context, settings) : { verdict: undefined, unseen: undefined, since: undefined }
  const lines = (await openRecord(context).lines()).filter((line) => Date.parse(line.at) > now - day)
  const notices = lines.filter(isNotice).filter((line) => line.service === service)
  const { onset, onsetFrom } = onsetOf(options.onset, incident, notices, seen.since, now)
  const mine = notices.filter((line) => Math.abs(Date.parse(line.onset) - onset) < 1000)
  const desk: Desk = {
    settings,
    levels,
    people,
    service,
    incident,
    onsetFrom,
    situation: situationFrom(incident, mine, onset, now, seen.verdict),
    verdict: seen.verdict ?? incident?.verdicts.at(-1),
    unseen: seen.unseen,
    sent: mine.filter((line) => line.type === 'notified'),
    tried: triedSince(lines, namespace, onset),
    async keep(entry, told) {
      const whole = { ...entry, id: `esc-${new Date(onset).toISOString()}`, service, onset: new Date(onset).toISOString() } as NoticeEntry
      await openRecord(context).append(whole)
      if (open) await addTo(context, open, told)
    },
  }
  for (const said of options.answer ?? []) await answer(desk, said, now)
  return desk
}

async function readIncident(context: Context, open: OpenIncident): Promise<Incident | undefined> {
  const store = await openStore(context, open.place)
  try {
    return incidentOf((await store.read(open.id)).entries)
  } finally {
    await store.close()
  }
}

async function addTo(context: Context, open: OpenIncident, told: Told): Promise<void> {
  const store = await openStore(context, open.place)
  try {
    await store.add(open.id, [told])
  } finally {
    await store.close()
  }
}

/** A look at the service. Nobody may be kept from calling for help because the cluster does not answer. */
async function lookNow(
  context: Context,
  settings: Settings,
): Promise<{ verdict: VerdictDigest | undefined; unseen: string | undefined; since: number | undefined }> {
  try {
    const { diagnosisNow } = await import('./diagnosis-now.ts')
    const verdict = await diagnosisNow(context, settings)
    // Of several causes the later ones may be old news that nobody notices: symptoms say since when users do, else the first cause.
    const noticed = timesOf(verdict.symptoms.map((one) => one.since))
    const begun = noticed.length > 0 ? noticed : timesOf([verdict.causes[0]?.since])
    return { verdict: digestOf(verdict), unseen: undefined, since: begun.length > 0 ? Math.min(...begun) : undefined }
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError)) throw error
    return { verdict: undefined, unseen: `the service could not be looked at: ${error.message.split('\n')[0]}`, since: undefined }
  }
}

const timesOf = (texts: readonly (string | undefined)[]): number[] =>
  texts.map((text) => Date.parse(text ?? '')).filter((at) => !Number.isNaN(at))

type Line = Recorded & NoticeEntry
const isNotice = (line: Recorded): line is Line => line.type === 'notified' || line.type === 'acknowledged' || line.type === 'said'

/** When the trouble began: as somebody says, as the open incident has it, as the last call had it, as the look finds it, else now. */
function onsetOf(
  said: string | undefined,
  incident: Incident | undefined,
  notices: readonly Line[],
  seen: number | undefined,
  now: number,
): { onset: number; onsetFrom: string } {
  if (said !== undefined) {
    const ago = parseDuration(said)
    const onset = ago === undefined ? Date.parse(said) : now - ago * 1000
    if (Number.isNaN(onset) || onset > now)
      throw new UsageError(
        `--onset takes a time that is over, or how long ago, not "${said}"`,
        'for example --onset 26m, or --onset 2026-11-23T03:12:00Z',
      )
    return { onset, onsetFrom: 'as --onset says' }
  }
  if (incident) return { onset: Date.parse(incident.onset), onsetFrom: `of incident ${incident.id}` }
  const last = notices.at(-1)
  if (last && now - Date.parse(last.at) < longestPause) return { onset: Date.parse(last.onset), onsetFrom: 'of the last call about it' }
  if (seen !== undefined) return { onset: Math.min(seen, now), onsetFrom: 'as the diagnosis finds it' }
  return { onset: now, onsetFrom: 'now: nothing says when it began; --onset does' }
}

function situationFrom(
  incident: Incident | undefined,
  notices: readonly Line[],
  onset: number,
  now: number,
  verdict: VerdictDigest | undefined,
): Situation {
  const looks = verdict ? [{ ...verdict, at: Date.parse(verdict.at) }] : []
  if (incident) {
    const known = situationOf(incident, now)
    if (looks.length === 0) return { ...known, onset }
    const all = [...incident.verdicts.map((one) => ({ ...one, at: Date.parse(one.at) })), ...looks]
    const said = new Set(incident.said.map((fact) => fact.fact))
    const facts = [...factsFrom(all, onset).filter((fact) => !said.has(fact.fact)), ...incident.said]
    return { ...known, onset, facts }
  }
  const said = new Map<string, Fact>()
  const calls: Call[] = []
  for (const line of notices) {
    const at = Date.parse(line.at)
    if (line.type === 'said') said.set(line.fact, { fact: line.fact, holds: line.holds, since: at })
    if (line.type === 'notified' && line.outcome === 'accepted' && line.contact !== everybody)
      calls.push({ level: line.level, contact: line.contact, at })
    if (line.type === 'acknowledged')
      for (const call of calls)
        if (call.level === line.level && call.contact === line.contact) call.acknowledgedAt ??= Date.parse(line.when)
  }
  return { onset, now, facts: [...factsFrom(looks, onset).filter((fact) => !said.has(fact.fact)), ...said.values()], calls }
}

function triedSince(lines: readonly Recorded[], namespace: string, onset: number): string[] {
  const plans = lines.flatMap((line) =>
    line.type === 'plan' && Date.parse(line.at) >= onset && line.plan.target.namespace === namespace ? [line.plan] : [],
  )
  return plans.map(({ id, summary }) => {
    const verified = lines.find((line) => line.type === 'verified' && line.id === id)
    const declined = lines.some((line) => line.type === 'declined' && line.id === id)
    const undone = lines.some((line) => line.type === 'undone' && line.id === id)
    const result = declined
      ? 'not done'
      : verified?.type === 'verified'
        ? verified.ok
          ? 'done'
          : `did not come true: ${verified.said}`
        : 'result not known'
    return `${summary}: ${undone ? 'taken back' : result}`
  })
}

/** Keeps what somebody said of a fact, `NAME=yes` or `NAME=no`, and lets the clock know. */
export async function answer(desk: Desk, said: string, now: number): Promise<void> {
  const [, fact = '', word = ''] = /^([\w-]+)=(yes|no|true|false)$/.exec(said) ?? []
  const known = [...new Set(desk.levels.flatMap((level) => level.handsOverWhen.map((trigger) => trigger.fact)))]
  if (!known.includes(fact)) throw new UsageError(`--answer takes NAME=yes or NAME=no, not "${said}"`, `the names are ${known.join(', ')}`)
  const holds = word === 'yes' || word === 'true'
  desk.situation = { ...desk.situation, facts: [...desk.situation.facts.filter((one) => one.fact !== fact), { fact, holds, since: now }] }
  await desk.keep({ type: 'said', fact, holds }, { type: 'fact', fact, holds })
}
