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
import { styleFor } from '../output/style.ts'
import type { Notice, Notifier } from '../targets/ports.ts'
import { type Desk, type DeskOptions, openDesk } from './escalation-desk.ts'

export interface EscalateOptions extends DeskOptions {
  readonly to?: string
  readonly message?: string
  readonly dryRun: boolean
  readonly yes: boolean
  /** Seconds. */
  readonly wait?: number
}

/** What became of one person on one channel. */
export interface CallResult {
  contact: string
  name: string
  channel: string
  outcome: 'accepted' | 'refused' | 'failed' | 'dry-run'
  said: string
  tries: number
  /** What would be sent, where nothing was. */
  preview?: string
  acknowledgedBy?: string | null
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

const askAgain = 10_000

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

export const lookOf = ({ terminal }: Context) => ({ columns: terminal.columns, style: styleFor(terminal), verbose: false })

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

type Way = { person: Person; channel: string }

async function openChannel(context: Context, desk: Desk, name: string): Promise<Notifier> {
  return context.targets(desk.settings).notifier(desk.settings.escalation.channels[name]!)
}

async function previews(
  context: Context,
  desk: Desk,
  ways: readonly Way[],
  notice: (person: Person) => Notice,
  level: number,
): Promise<CallResult[]> {
  const told = desk.settings.escalation.tell.map((channel) => ({ person: ways[0]!.person, channel, all: true }))
  return Promise.all(
    [...ways, ...told].map(async (way): Promise<CallResult> => {
      const all = 'all' in way
      const about = { contact: all ? everybody : way.person.id, name: all ? everybody : calledName(way.person), channel: way.channel }
      try {
        const preview = await (await openChannel(context, desk, way.channel)).preview(notice(way.person))
        return { ...about, outcome: 'dry-run', said: `L${level}`, tries: 0, preview }
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        return { ...about, outcome: 'refused', said: error.message, tries: 0 }
      }
    }),
  )
}

async function agreed({ terminal }: Context, options: EscalateOptions, due: Due, people: readonly Person[]): Promise<boolean> {
  if (options.yes) return true
  if (!terminal.inIsTTY) return false
  return terminal.confirm(`Call level ${due.level}, ${due.role}: ${people.map(calledName).join(', then ')}?`)
}

/** Every channel of a person in turn. Each attempt is kept before the next one is made. */
async function callPerson(
  context: Context,
  desk: Desk,
  person: Person,
  notice: (person: Person) => Notice,
  level: number,
): Promise<{ calls: CallResult[]; notifier: Notifier | undefined }> {
  const calls: CallResult[] = []
  for (const channel of person.by) {
    const call = await attempt(context, desk, channel, notice(person), { contact: person.id, name: calledName(person) })
    calls.push(call.result)
    await keepCall(desk, level, call.result, notice(person).dedupKey)
    if (call.result.outcome === 'accepted') return { calls, notifier: call.notifier }
    context.terminal.err(`${person.id} by ${channel}: ${call.result.said}\n`)
  }
  return { calls, notifier: undefined }
}

async function attempt(
  context: Context,
  desk: Desk,
  channel: string,
  notice: Notice,
  who: { contact: string; name: string },
): Promise<{ result: CallResult; notifier: Notifier | undefined }> {
  try {
    const notifier = await openChannel(context, desk, channel)
    const { outcome, said, tries } = await notifier.send(notice, context.clock, context.signal)
    return { result: { ...who, channel, outcome, said, tries: tries.length }, notifier }
  } catch (error) {
    // Settings of one channel that are wrong must not keep the others from being tried.
    if (!(error instanceof UsageError)) throw error
    return { result: { ...who, channel, outcome: 'refused', said: error.message, tries: 0 }, notifier: undefined }
  }
}

async function keepCall(desk: Desk, level: number, call: CallResult, key: string): Promise<void> {
  const { contact, name, channel, said, tries } = call
  const outcome = call.outcome === 'dry-run' ? 'refused' : call.outcome
  const words = `${name} by ${channel}: ${said}`
  await desk.keep(
    { type: 'notified', level, contact, name, channel, outcome, said, tries, dedupKey: key },
    outcome === 'accepted' && contact !== everybody
      ? { type: 'call', level, contact, said: words }
      : { type: 'note', text: outcome === 'accepted' ? `level ${level} called; told ${words}` : `could not reach ${words}` },
  )
}

/** The channels that hear of every escalation; that one of them fails changes nothing for the one who was called. */
async function tellOthers(context: Context, desk: Desk, notice: Notice, calls: CallResult[]): Promise<void> {
  for (const channel of desk.settings.escalation.tell) {
    const { result } = await attempt(context, desk, channel, notice, { contact: everybody, name: everybody })
    calls.push(result)
    await keepCall(desk, notice.to.level, result, notice.dedupKey)
  }
}

async function waitFor(context: Context, notifier: Notifier, key: string, seconds: number, person: Person) {
  if (!notifier.acknowledgement) {
    context.terminal.err(`${notifier.kind} cannot tell whether ${person.id} has taken it on; not waited for\n`)
    return undefined
  }
  const { clock, signal, terminal } = context
  const ends = clock.now() + seconds * 1000
  for (;;) {
    try {
      const answer = await notifier.acknowledgement(key, signal)
      if (answer) return answer
    } catch (error) {
      if (signal.aborted) throw error
      terminal.err(`whether ${person.id} has taken it on could not be read: ${error instanceof Error ? error.message : error}\n`)
    }
    if (clock.now() + askAgain > ends) return undefined
    await clock.sleep(askAgain, signal)
  }
}

/** Keeps that somebody has answered. */
export async function keepAnswer(
  desk: Desk,
  level: number,
  person: Pick<Person, 'id' | 'name'>,
  answer: { by: string | undefined; at: number | undefined },
): Promise<void> {
  const when = new Date(answer.at ?? desk.situation.now).toISOString()
  await desk.keep(
    { type: 'acknowledged', level, contact: person.id, who: answer.by ?? person.name, when },
    { type: 'answered', level, contact: person.id },
  )
}
