/** `task-mcp escalate [LEVEL]`: call the people of a level, one after the other, until one is reached. */
import { everybody } from '../actions/notice-record.ts'
import type { Context } from '../context.ts'
import { AbsentError, type ExitCode, exit, UsageError } from '../errors.ts'
import { calledName, callOrder, type Person, personNamed } from '../incident/contacts.ts'
import { type Due, escalation } from '../incident/escalation.ts'
import { dedupKey, handoverMessage } from '../incident/escalation-message.ts'
import { dueAgain } from '../incident/escalation-next.ts'
import { nearest } from '../nearest.ts'
import { localTime, renderCalls, renderEscalation } from '../output/escalation.ts'
import type { Notice } from '../targets/ports.ts'
import { type CallResult, callPerson, keepAnswer, previews, tellOthers, waitFor } from './escalate-call.ts'
import { type Desk, type DeskOptions, openDesk } from './escalation-desk.ts'
import { lookOf } from './look-only.ts'

export interface EscalateOptions extends DeskOptions {
  readonly to?: string
  readonly message?: string
  readonly dryRun: boolean
  readonly yes: boolean
  /** Seconds. */
  readonly wait?: number
}

/** What `task-mcp escalate --json` prints. */
export interface EscalateReport {
  schemaVersion: 1
  command: 'escalate'
  service: string
  onset: string
  level: number
  role: string
  outcome: 'nothing-due' | 'declined' | 'dry-run' | 'reached' | 'acknowledged' | 'unacknowledged' | 'nobody-reached'
  said: string
  calls: CallResult[]
}

export async function run(context: Context, [word]: readonly string[], options: EscalateOptions): Promise<ExitCode> {
  const desk = await openDesk(context, options)
  const { levels, situation } = desk
  const clock = escalation(levels, situation)
  const due = chosen(word, clock.due, desk)
  const { terminal } = context
  const finish = (outcome: EscalateReport['outcome'], said: string, calls: CallResult[], code: ExitCode): ExitCode => {
    const onset = new Date(situation.onset).toISOString()
    const about = { service: desk.service, onset, level: due?.level ?? 0, role: due?.role ?? '' }
    const report: EscalateReport = { schemaVersion: 1, command: 'escalate', ...about, outcome, said, calls }
    terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : renderCalls(report, lookOf(context)))
    return code
  }
  if (due === undefined) {
    if (!options.json) terminal.err(renderEscalation(clock, lookOf(context), desk.settings.escalation.timeZone))
    return finish('nothing-due', 'nobody has to be called now; name a level to call it all the same', [], exit.ok)
  }
  const people = whom(desk, due, options.to)
  const notice = noticeFor(desk, due, options.message)
  const ways = people.flatMap((person) => person.by.map((channel) => ({ person, channel })))
  if (ways.length === 0) throw noChannel(people)
  if (options.dryRun) return finish('dry-run', `dry run: nothing was sent`, await previews(context, desk, ways, notice, due.level), exit.ok)
  if (!(await agreed(context, options, due, people))) {
    const said = terminal.inIsTTY ? 'declined; nobody was called' : 'nobody was called: without a terminal --yes is needed'
    return finish('declined', said, [], exit.declined)
  }
  const calls: CallResult[] = []
  let reached = false
  for (const person of people) {
    const made = await callPerson(context, desk, person, notice, due.level)
    calls.push(...made.calls)
    if (made.notifier === undefined) {
      terminal.err(`${person.id} could not be reached${person === people.at(-1) ? '' : '; trying the next'}\n`)
      continue
    }
    reached = true
    if (!options.wait) break
    const answer = await waitFor(context, made.notifier, notice(person).dedupKey, options.wait, person)
    if (answer) {
      calls.at(-1)!.acknowledgedBy = answer.by ?? null
      await keepAnswer(desk, due.level, person, answer)
      await tellOthers(context, desk, notice(person), calls)
      return finish('acknowledged', `${answer.by ?? person.name} has taken it on`, calls, exit.ok)
    }
    terminal.err(`${person.id} has not answered${person === people.at(-1) ? '' : '; trying the next'}\n`)
  }
  if (reached) await tellOthers(context, desk, notice(people[0]!), calls)
  if (!reached) return finish('nobody-reached', `nobody was reached: ${byHand(people)}`, calls, exit.unknown)
  const last = calls.findLast((call) => call.outcome === 'accepted' && call.contact !== everybody)!
  return options.wait
    ? finish('unacknowledged', `nobody has taken it on within ${options.wait} s: ${byHand(people)}`, calls, exit.unverified)
    : finish('reached', `${last.name} was told by ${last.channel}; task-mcp escalate status shows whether they answer`, calls, exit.ok)
}

/** The level that was named, else the lowest that is due and was not called. */
function chosen(word: string | undefined, all: readonly Due[], desk: Desk): Due | undefined {
  if (word === undefined) return all.find((due) => due.state === 'now') ?? dueAgain(desk.levels, desk.situation)
  const number = Number(/^l?(\d+)$/i.exec(word)?.[1])
  const due = all.find((one) => one.level === number)
  if (due) return due
  const level = desk.levels.find((one) => one.level === number)
  const last = desk.levels.at(-1)
  const beyond = last && number === last.level + 1 ? last.handsOverTo : []
  if (!level && beyond.length === 0)
    throw new UsageError(`there is no level "${word}"`, `there are ${desk.levels.map((one) => `${one.level} (${one.role})`).join(', ')}`)
  const contacts = level?.contacts ?? beyond
  const at = desk.situation.now
  return { level: number, role: level?.role ?? contacts.join(', '), contacts, at, state: 'now', inSeconds: 0, overdueSeconds: 0, why: [] }
}

function whom(desk: Desk, due: Due, to: string | undefined): Person[] {
  if (to !== undefined) {
    const person = personNamed(desk.people, to)
    if (person) return [person]
    const ids = desk.people.map((one) => one.id)
    const meant = nearest(to, ids)
    throw new UsageError(`nobody is called "${to}"`, `${meant ? `did you mean ${meant}?  ` : ''}task-mcp contacts`)
  }
  return callOrder(due, desk.situation.calls).flatMap((id) => desk.people.find((person) => person.id === id) ?? [])
}

/** The notice for each person, the same words for all. */
function noticeFor(desk: Desk, due: Due, words: string | undefined): (person: Person) => Notice {
  const { situation, levels, settings } = desk
  const service = desk.service.slice(desk.service.indexOf('/') + 1)
  const { subject, text } = handoverMessage({
    level: due.level,
    role: due.role,
    service,
    incident: desk.incident?.id,
    onset: situation.onset,
    now: situation.now,
    why: due.why.filter((reason) => reason.at <= situation.now),
    verdict: desk.verdict,
    unseen: desk.unseen,
    tried: desk.tried,
    open: escalation(levels, situation).ask.map((one) => one.says),
    words,
    localTime: (at) => localTime(at, settings.escalation.timeZone),
  })
  return (person) => ({
    subject,
    text,
    dedupKey: dedupKey(desk.service, situation.onset, due.level),
    severity: due.level > 1 ? 'critical' : 'error',
    source: service,
    to: { name: calledName(person), reach: person.reach, level: due.level },
  })
}

const byHand = (people: readonly Person[]): string =>
  `call by hand: ${people.map((person) => `${calledName(person)}${person.reach ? `, ${person.reach}` : ''}`).join('; ')}`

const noChannel = (people: readonly Person[]): AbsentError =>
  new AbsentError(
    `no channel is set up by which ${people.map((person) => person.id).join(' or ')} could be told; ${byHand(people)}`,
    'set escalation.channels in task-mcp.yaml; docs/escalation.md has examples',
  )

async function agreed({ terminal }: Context, options: EscalateOptions, due: Due, people: readonly Person[]): Promise<boolean> {
  if (options.yes) return true
  if (!terminal.inIsTTY) return false
  return terminal.confirm(`Call level ${due.level}, ${due.role}: ${people.map(calledName).join(', then ')}?`)
}
