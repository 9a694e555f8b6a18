/** `task-mcp incident status|show|list|timeline|sync`: what is known of an incident. Nothing here changes one, but that records are brought level. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UnreachableError } from '../errors.ts'
import { answerOf, type IncidentAnswer } from '../incident/answer.ts'
import { type Incident, incidentOf } from '../incident/state.ts'
import { renderIncident, renderIncidentStatus, renderIncidents, renderTimeline } from '../output/incident.ts'
import { counted } from '../output/page.ts'
import { type Current, withIncident } from './incident-current.ts'
import { openIncident, placeOf } from './incident-open.ts'
import { clockOf, type IncidentOptions, lookOf, print, zoneOf } from './incident-print.ts'
import { openStore } from './incident-store.ts'

interface StatusOptions extends IncidentOptions {
  readonly ask: boolean
}

export function status(context: Context, [id]: readonly string[], options: StatusOptions): Promise<ExitCode> {
  return withIncident(context, options, { id }, async (current) => {
    const zone = zoneOf(current.settings, options)
    if (options.ask) current.incident = await asked(context, current)
    const clock = await clockOf(context, current.settings, current.incident)
    const now = context.clock.now()
    print(context, options, current, () => renderIncidentStatus(current.incident, clock, now, lookOf(context, options), zone), { clock })
    return exit.ok
  })
}

/** Asks the person what the clock cannot see, and records the answers. */
async function asked(context: Context, { incident, store, settings }: Current): Promise<Incident> {
  const { terminal } = context
  if (!terminal.inIsTTY) {
    terminal.err('--ask needs a terminal; say facts with task-mcp incident note TEXT --fact NAME\n')
    return incident
  }
  const { ask } = await clockOf(context, settings, incident)
  const told = []
  for (const { fact, says } of ask) {
    const answer = await terminal.select(`Is it so that ${says}?`, [
      { value: 'no', label: 'no' },
      { value: 'yes', label: 'yes' },
      { value: 'unknown', label: 'not known' },
    ])
    if (answer !== 'unknown') told.push({ type: 'fact' as const, fact, holds: answer === 'yes' })
  }
  if (told.length === 0) return incident
  const entries = await store.add(incident.id, told)
  return incidentOf([...incident.entries, ...entries])!
}

export function show(context: Context, [id]: readonly string[], options: IncidentOptions): Promise<ExitCode> {
  return withIncident(context, options, { id, past: true }, async (current) => {
    const zone = zoneOf(current.settings, options)
    print(context, options, current, () => renderIncident(current.incident, context.clock.now(), lookOf(context, options), zone), {
      whole: true,
    })
    return exit.ok
  })
}

export function timeline(context: Context, [id]: readonly string[], options: IncidentOptions): Promise<ExitCode> {
  return withIncident(context, options, { id, past: true }, async (current) => {
    const zone = zoneOf(current.settings, options)
    print(context, options, current, () => renderTimeline(current.incident, context.clock.now(), lookOf(context, options), zone), {
      rows: true,
    })
    return exit.ok
  })
}

export async function list(
  context: Context,
  _args: readonly string[],
  options: IncidentOptions & { readonly open: boolean },
): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const here = await openIncident(context)
  const store = await openStore(context, placeOf(settings))
  const answers: IncidentAnswer[] = []
  const incidents: Incident[] = []
  try {
    for (const id of await store.ids()) {
      const reading = await store.read(id)
      const incident = incidentOf(reading.entries)
      if (incident === undefined || (options.open && incident.status !== 'open')) continue
      incidents.push(incident)
      const shared = store.where === undefined ? null : { where: store.where, level: reading.synced !== undefined }
      answers.push(answerOf(incident, { damage: reading.damage, shared }))
    }
  } finally {
    await store.close()
  }
  context.terminal.out(
    options.json
      ? `${JSON.stringify(answers, null, 2)}\n`
      : renderIncidents(incidents, here?.id, context.clock.now(), lookOf(context, options)),
  )
  return exit.ok
}

export function sync(context: Context, [id]: readonly string[], options: IncidentOptions): Promise<ExitCode> {
  return withIncident(context, options, { id, past: true }, async (current) => {
    const { incident, store, synced } = current
    if (store.where !== undefined && synced === undefined)
      throw new UnreachableError(
        `${incident.id} could not be shared`,
        'its entries are safe on this machine; try again when the record can be reached',
      )
    const said =
      synced === undefined
        ? `${incident.id} is kept on this machine alone; incident.shared in task-mcp.yaml would share it\n`
        : `${incident.id} is level with ${store.where}: ${counted(synced.sent, 'entry', 'entries')} sent, ${synced.received} received, ${incident.entries.length} in all\n`
    print(context, options, current, () => said)
    return exit.ok
  })
}
