/** `task-mcp incident note|assign|severity|resolve`: one entry more in an incident's record. */
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import type { Told } from '../incident/entry.ts'
import { type Mark, type Severity, severities } from '../incident/entry-words.ts'
import { type Incident, incidentOf } from '../incident/state.ts'
import { nearest } from '../nearest.ts'
import { stamp } from '../output/incident-time.ts'
import { loadRunbooks } from '../runbook/directory.ts'
import type { Settings } from '../settings.ts'
import { type Current, withIncident } from './incident-current.ts'
import { openIncident, setClosed } from './incident-open.ts'
import { type IncidentOptions, print, zoneOf } from './incident-print.ts'
import { timeSaid } from './incident-times.ts'

/** A note longer than this belongs somewhere else. */
const longestText = 4000

interface NoteOptions extends IncidentOptions {
  readonly mark?: Mark
  readonly at?: string
  readonly fact?: readonly string[]
}

export function note(context: Context, words: readonly string[], options: NoteOptions): Promise<ExitCode> {
  return add(context, options, async ({ incident, settings }) => {
    const when = options.at === undefined ? undefined : timeSaid(options.at, '--at', context.clock.now())
    if (when !== undefined && Date.parse(when) > context.clock.now())
      throw new UsageError(`${options.at} is in the future`, 'a note is about something that has happened')
    const facts = await factsSaid(context, settings, options.fact ?? [])
    const zone = zoneOf(settings, options)
    return {
      told: [{ type: 'note', text: textOf(words), mark: options.mark, when }, ...facts],
      said: `noted in ${incident.id}${when === undefined ? '' : `, for ${stamp(when, zone)}`}`,
    }
  })
}

export function assign(
  context: Context,
  [who]: readonly string[],
  options: IncidentOptions & { readonly role?: string },
): Promise<ExitCode> {
  const role = options.role ?? 'lead'
  return add(context, options, async ({ incident }) => ({
    told: [{ type: 'assign', who: textOf([who!]), role: textOf([role]) }],
    said: `${who} is ${role} of ${incident.id}`,
  }))
}

export function severity(
  context: Context,
  [level]: readonly string[],
  options: IncidentOptions & { readonly why?: string },
): Promise<ExitCode> {
  if (!(severities as readonly string[]).includes(level!))
    throw new UsageError(`there is no severity "${level}"`, `it is one of ${severities.join(', ')}, the worst first`)
  return add(context, options, async ({ incident }) => ({
    told: [{ type: 'severity', severity: level as Severity, why: options.why }],
    said: `${incident.id} is ${level}${incident.severity === level ? ' already' : `, it was ${incident.severity}`}`,
  }))
}

export function resolve(context: Context, words: readonly string[], options: IncidentOptions): Promise<ExitCode> {
  return add(context, options, async ({ incident }) => {
    if (incident.status === 'resolved')
      throw new UsageError(`${incident.id} was resolved by ${incident.resolvedBy}, ${incident.resolvedAt}`, 'task-mcp incident list')
    const last = incident.verdicts.at(-1)
    if (last !== undefined && last.verdict !== 'healthy')
      context.terminal.err(`careful: the last diagnosis, ${last.at}, was not healthy: ${last.headline}\n`)
    return {
      told: [{ type: 'resolve', text: words.length === 0 ? undefined : textOf(words) }],
      said: `${incident.id} is resolved\n  task-mcp incident report ${incident.id}\n  task-mcp incident postmortem ${incident.id}`,
    }
  }).then(async (code) => {
    const open = await openIncident(context)
    if (open !== undefined && (options.incident === undefined || options.incident === open.id)) await setClosed(context)
    return code
  })
}

/** Adds what `make` tells to the incident that is meant, and says so. */
function add(
  context: Context,
  options: IncidentOptions,
  make: (current: Current) => Promise<{ told: readonly Told[]; said: string }>,
): Promise<ExitCode> {
  return withIncident(context, options, { id: options.incident }, async (current) => {
    const { told, said } = await make(current)
    const entries = await current.store.add(current.incident.id, told)
    const incident: Incident = incidentOf([...current.incident.entries, ...entries])!
    print(context, options, { ...current, incident }, () => `${said}\n`)
    return exit.ok
  })
}

function textOf(words: readonly string[]): string {
  const text = words.join(' ').trim()
  if (text === '') throw new UsageError('there is no text to write down', 'put it in quotes: task-mcp incident note "what was seen"')
  if (text.length > longestText)
    throw new UsageError(
      `a text of ${text.length} characters is too long for the time line`,
      `${longestText} are the most; put it in a document and note where that is`,
    )
  return text
}

/** `security_incident` holds, `security_incident=no` does not. Facts are those of the escalation levels. */
async function factsSaid(context: Context, settings: Settings, said: readonly string[]): Promise<Told[]> {
  if (said.length === 0) return []
  const own = settings.escalation.levels
  const levels = own.length > 0 ? own : (await loadRunbooks(context.files, context.root, settings.runbooks)).flatMap((book) => book.levels)
  const known = [...new Set(levels.flatMap((level) => level.handsOverWhen.map((trigger) => trigger.fact)))]
  return said.map((text) => {
    const [fact, answer = 'yes'] = text.split('=')
    if (!known.includes(fact!)) {
      const meant = nearest(fact!, known)
      throw new UsageError(`no level hands over for "${fact}"`, `${meant ? `did you mean ${meant}?  ` : ''}there are ${known.join(', ')}`)
    }
    if (answer !== 'yes' && answer !== 'no')
      throw new UsageError(`--fact takes yes or no after the sign, not "${answer}"`, `for example --fact ${fact}=no`)
    return { type: 'fact', fact: fact!, holds: answer === 'yes' }
  })
}
