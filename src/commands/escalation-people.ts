/** The levels of escalation and the people, with the schedules that say who is on call. */
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { type Person, peopleOf } from '../incident/contacts.ts'
import type { Schedule } from '../incident/on-call.ts'
import { loadRunbooks } from '../runbook/directory.ts'
import type { Level } from '../runbook/runbook.ts'
import type { Settings } from '../settings.ts'

/** Levels and people by the settings and the runbooks; `at` decides who is on call. */
export async function loadPeople(
  context: Context,
  settings: Settings,
  at: number,
): Promise<{ levels: Level[]; people: Person[]; schedules: Map<string, Schedule> }> {
  const books = await loadRunbooks(context.files, context.root, settings.runbooks)
  const { escalation } = settings
  const levels = escalation.levels.length > 0 ? escalation.levels : books.flatMap((book) => book.levels)
  const contacts = books.flatMap((book) => book.people)
  const schedules = new Map<string, Schedule>()
  for (const [name, file] of Object.entries(escalation.schedules))
    schedules.set(name, await readSchedule(context, file, escalation.timeZone, at))
  const people = peopleOf(contacts, escalation, levels, schedules, at)
  const named = levels.flatMap((level) => [...level.contacts, ...level.handsOverTo])
  const stranger = named.find((id) => !people.some((person) => person.id === id))
  if (stranger !== undefined)
    throw new UsageError(`a level of escalation names "${stranger}", who is nobody`, 'add them to escalation.contacts in task-mcp.yaml')
  return { levels: [...levels].sort((a, b) => a.level - b.level), people, schedules }
}

async function readSchedule(context: Context, file: string, timeZone: string, at: number): Promise<Schedule> {
  let text: string
  try {
    text = await context.files.read(file)
  } catch (error) {
    throw new UsageError(`the schedule ${file} cannot be read`, 'correct escalation.schedules in task-mcp.yaml', { cause: error })
  }
  if (/^\s*BEGIN:VCALENDAR/i.test(text)) return (await import('../incident/on-call-calendar.ts')).calendarOf(text, file, timeZone, at)
  const { parse } = await import('yaml')
  let parsed: unknown
  try {
    parsed = parse(text)
  } catch (error) {
    throw new UsageError(`${file} is neither a calendar nor YAML: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
  }
  return (await import('../incident/on-call-file.ts')).scheduleOf(parsed, file, timeZone)
}
