/** `task-mcp contacts [NAME]`: the people, teams and channels, and who is on call. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { type Person, personNamed } from '../incident/contacts.ts'
import { nearest } from '../nearest.ts'
import { renderContacts } from '../output/contacts.ts'
import type { GlobalOptions } from './entry.ts'
import { loadPeople } from './escalation-people.ts'
import { lookOf } from './look-only.ts'

interface ContactsOptions extends GlobalOptions {
  readonly at?: string
}

/** What `task-mcp contacts --json` prints. */
export interface ContactsReport {
  schemaVersion: 1
  command: 'contacts'
  at: string
  timeZone: string
  people: {
    id: string
    team: string
    name: string
    reach: string | null
    by: string[]
    schedule: string | null
    onCall: { name: string; reach: string | null; from: string; until: string | null; next: string | null } | null
  }[]
  levels: { level: number; role: string; respondWithinSeconds: number; contacts: string[] }[]
}

export async function run(context: Context, [word]: readonly string[], options: ContactsOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const at = options.at === undefined ? context.clock.now() : Date.parse(options.at)
  if (Number.isNaN(at)) throw new UsageError(`--at takes a time, not "${options.at}"`, 'for example --at 2026-12-24T18:00:00+01:00')
  const { levels, people } = await loadPeople(context, settings, at)
  const found =
    word === undefined
      ? people
      : people.filter((person) => person.team.toLowerCase() === word.toLowerCase() || person === personNamed(people, word))
  if (found.length === 0) {
    const meant = nearest(
      word ?? '',
      people.map((person) => person.id),
    )
    throw new UsageError(`nobody and no team is called "${word}"`, `${meant ? `did you mean ${meant}?  ` : ''}task-mcp contacts`)
  }
  const { timeZone } = settings.escalation
  const report: ContactsReport = {
    schemaVersion: 1,
    command: 'contacts',
    at: new Date(at).toISOString(),
    timeZone,
    people: found.map(shown),
    levels:
      word === undefined
        ? levels.map(({ level, role, respondWithinSeconds, contacts }) => ({ level, role, respondWithinSeconds, contacts }))
        : [],
  }
  context.terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : renderContacts(report, lookOf(context)))
  return found.some((person) => person.schedule !== undefined && !person.onCall) ? exit.findings : exit.ok
}

const shown = ({ id, team, name, reach, by, schedule, onCall }: Person): ContactsReport['people'][number] => ({
  id,
  team,
  name,
  reach: reach ?? null,
  by,
  schedule: schedule ?? null,
  onCall: onCall
    ? {
        name: onCall.name,
        reach: onCall.reach ?? null,
        from: onCall.from,
        until: onCall.until === undefined ? null : new Date(onCall.until).toISOString(),
        next: onCall.next ?? null,
      }
    : null,
})
