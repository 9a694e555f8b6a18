/** The people and who is on call, for a person. */
import { span } from '../duration.ts'
import { localTime } from './escalation.ts'
import { columnsOf, type Look } from './page.ts'
import { clean, pad, width, wrap } from './text.ts'

/** As `task-mcp contacts --json` prints it. */
interface Contacts {
  at: string
  timeZone: string
  people: readonly {
    id: string
    team: string
    name: string
    reach: string | null
    by: readonly string[]
    schedule: string | null
    onCall: { name: string; reach: string | null; from: string; until: string | null; next: string | null } | null
  }[]
  levels: readonly { level: number; role: string; respondWithinSeconds: number; contacts: readonly string[] }[]
}

/** Who is on call first, then everybody by team, then the levels; ends with a newline. */
export function renderContacts(report: Contacts, look: Look): string {
  const { style } = look
  const { people, levels, timeZone } = report
  const columns = columnsOf(look)
  const idWidth = Math.max(...people.map((person) => width(person.id)))
  const row = (id: string, text: string): string[] => wrap(text, columns, `  ${pad(id, idWidth)}  `, ' '.repeat(idWidth + 4))
  const scheduled = people.filter((person) => person.schedule !== null)
  const blocks: string[][] = []
  if (scheduled.length > 0) {
    const lines = scheduled.flatMap(({ id, onCall, schedule }) => {
      if (!onCall) return row(id, `nobody: the schedule ${schedule} has a gap`).map(style.red)
      const until = onCall.until === null ? '' : ` until ${day(onCall.until, timeZone)}${onCall.next ? `, then ${onCall.next}` : ''}`
      return row(id, `${onCall.name}${onCall.reach ? `, ${onCall.reach}` : ''}${until} (${onCall.from})`)
    })
    blocks.push([style.bold(`On call at ${day(report.at, timeZone)}`), ...lines])
  }
  for (const team of new Set(people.map((person) => person.team))) {
    const lines = people
      .filter((person) => person.team === team)
      .flatMap(({ id, name, reach, by }) => row(id, `${name}${reach ? `, ${reach}` : ''}${by.length > 0 ? ` (by ${by.join(', ')})` : ''}`))
    blocks.push([style.bold(clean(team)), ...lines])
  }
  if (levels.length > 0)
    blocks.push([
      style.bold('Levels'),
      ...levels.flatMap(({ level, role, respondWithinSeconds, contacts }) =>
        wrap(`${role}, answers within ${span(respondWithinSeconds)}: ${contacts.join(', then ')}`, columns, `  L${level}  `, '      '),
      ),
    ])
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

/** `Mon 23 Nov 03:12 UTC`. */
function day(at: string, timeZone: string): string {
  const time = Date.parse(at)
  const date = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', day: 'numeric', month: 'short' }).format(time)
  return `${date.replace(',', '')} ${localTime(time, timeZone)}`
}
