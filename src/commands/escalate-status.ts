/** `task-mcp escalate status`: who is due when, and why. */
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { personNamed } from '../incident/contacts.ts'
import { type Escalation, escalation } from '../incident/escalation.ts'
import { type NextCall, nextCalls } from '../incident/escalation-next.ts'
import { localTime, renderEscalation, renderNext } from '../output/escalation.ts'
import { keepAnswer } from './escalate-call.ts'
import { answer, type Desk, type DeskOptions, openDesk } from './escalation-desk.ts'
import { lookOf } from './look-only.ts'

interface StatusOptions extends DeskOptions {
  readonly ask: boolean
  readonly answered?: string
}

/** What `task-mcp escalate status --json` prints; the clock itself is in `clock`. */
export interface EscalateStatusReport {
  schemaVersion: 1
  command: 'escalate status'
  service: string
  incident: string | null
  onset: string
  onsetFrom: string
  at: string
  facts: { fact: string; holds: boolean; since: string }[]
  calls: { level: number; contact: string; at: string; acknowledgedAt: string | null }[]
  clock: Escalation
  /** Who of a level that was called in vain comes next. */
  next: NextCall[]
}

export async function run(context: Context, _args: readonly string[], options: StatusOptions): Promise<ExitCode> {
  const desk = await openDesk(context, options)
  await readAnswers(context, desk)
  if (options.answered !== undefined) await answeredBy(desk, options.answered)
  if (options.ask) await askAll(context, desk)
  const { situation, levels } = desk
  const clock = escalation(levels, situation)
  const iso = (at: number) => new Date(at).toISOString()
  const report: EscalateStatusReport = {
    schemaVersion: 1,
    command: 'escalate status',
    service: desk.service,
    incident: desk.incident?.id ?? null,
    onset: iso(situation.onset),
    onsetFrom: desk.onsetFrom,
    at: iso(situation.now),
    facts: situation.facts.map(({ fact, holds, since }) => ({ fact, holds, since: iso(since) })),
    calls: situation.calls.map(({ level, contact, at, acknowledgedAt }) => ({
      level,
      contact,
      at: iso(at),
      acknowledgedAt: acknowledgedAt === undefined ? null : iso(acknowledgedAt),
    })),
    clock,
    next: nextCalls(levels, situation),
  }
  const { timeZone } = desk.settings.escalation
  const { terminal } = context
  if (options.json) terminal.out(`${JSON.stringify(report, null, 2)}\n`)
  else {
    const answered = report.calls.map(
      ({ level, contact, acknowledgedAt }) =>
        `L${level} ${contact}: called${acknowledgedAt === null ? ', no answer yet' : `, answered at ${localTime(Date.parse(acknowledgedAt), timeZone)}`}`,
    )
    const seen = desk.verdict ? `${desk.verdict.verdict}: ${desk.verdict.headline}` : (desk.unseen ?? 'not looked at')
    const head = [`${desk.service}, since ${localTime(situation.onset, timeZone)} (${desk.onsetFrom})`, `Seen: ${seen}`, ...answered]
    terminal.out(
      `${head.join('\n')}\n${renderNext(report.next, lookOf(context), timeZone)}${renderEscalation(clock, lookOf(context), timeZone)}`,
    )
    if (clock.ask.length > 0 && !options.ask)
      terminal.err(`say what you know: --answer ${clock.ask[0]!.fact}=yes|no, or answer all with --ask\n`)
  }
  return clock.due.some((due) => due.state === 'now') || report.next.some((one) => one.inSeconds === 0) ? exit.findings : exit.ok
}

/** Asks the services that can tell whether those who were called have taken it on. One that cannot be asked is said, and changes nothing. */
async function readAnswers(context: Context, desk: Desk): Promise<void> {
  for (const call of desk.situation.calls.filter((one) => one.acknowledgedAt === undefined)) {
    const sent = desk.sent.findLast((one) => one.level === call.level && one.contact === call.contact && one.outcome === 'accepted')
    const channel = sent && desk.settings.escalation.channels[sent.channel]
    if (!sent || !channel) continue
    try {
      const notifier = await context.targets(desk.settings).notifier(channel)
      const found = await notifier.acknowledgement?.(sent.dedupKey, context.signal)
      if (!found) continue
      call.acknowledgedAt = found.at ?? desk.situation.now
      await keepAnswer(desk, call.level, { id: call.contact, name: sent.name }, found)
    } catch (error) {
      if (context.signal.aborted) throw error
      context.terminal.err(`whether ${call.contact} has taken it on could not be read: ${error instanceof Error ? error.message : error}\n`)
    }
  }
}

/** Somebody said so in another way: by voice, in the channel. */
async function answeredBy(desk: Desk, name: string): Promise<void> {
  const person = personNamed(desk.people, name)
  const call = desk.situation.calls.findLast((one) => one.contact === person?.id)
  if (!person || !call) throw new UsageError(`"${name}" was not called about this`, 'task-mcp escalate status shows who was')
  if (call.acknowledgedAt !== undefined) return
  call.acknowledgedAt = desk.situation.now
  await keepAnswer(desk, call.level, person, { by: person.name, at: desk.situation.now })
}

async function askAll({ terminal, clock }: Context, desk: Desk): Promise<void> {
  if (!terminal.inIsTTY) throw new UsageError('--ask needs somebody at a terminal', 'answer with --answer NAME=yes or NAME=no')
  const choices = [
    { value: 'unknown', label: 'not known' },
    { value: 'no', label: 'no' },
    { value: 'yes', label: 'yes' },
  ] as const
  for (const { fact, says } of escalation(desk.levels, desk.situation).ask) {
    const said = await terminal.select(`${says[0]!.toUpperCase()}${says.slice(1)}?`, choices)
    if (said !== 'unknown') await answer(desk, `${fact}=${said}`, clock.now())
  }
}
