/** One call: a person's channels in turn, each attempt kept before the next one is made; and waiting for somebody to take it on. */
import { everybody } from '../actions/notice-record.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { calledName, type Person } from '../incident/contacts.ts'
import type { Notice, Notifier } from '../targets/ports.ts'
import type { Desk } from './escalation-desk.ts'

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

const askAgain = 10_000

/** A person and one of their channels. */
export type Way = { person: Person; channel: string }

async function openChannel(context: Context, desk: Desk, name: string): Promise<Notifier> {
  return context.targets(desk.settings).notifier(desk.settings.escalation.channels[name]!)
}

/** Exactly what would be sent, for every way; a way that could not be gone says why. */
export async function previews(
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

/** Every channel of a person in turn. Each attempt is kept before the next one is made. */
export async function callPerson(
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
    if (context.signal.aborted) {
      const said = 'interrupted while it was sent; it may have arrived'
      await keepCall(desk, notice.to.level, { ...who, channel, outcome: 'failed', said, tries: 1 }, notice.dedupKey)
    }
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
export async function tellOthers(context: Context, desk: Desk, notice: Notice, calls: CallResult[]): Promise<void> {
  for (const channel of desk.settings.escalation.tell) {
    const { result } = await attempt(context, desk, channel, notice, { contact: everybody, name: everybody })
    calls.push(result)
    await keepCall(desk, notice.to.level, result, notice.dedupKey)
  }
}

/** Asks until somebody has taken it on or the time is over. */
export async function waitFor(context: Context, notifier: Notifier, key: string, seconds: number, person: Person) {
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
