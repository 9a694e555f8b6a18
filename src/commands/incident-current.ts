/** Which incident a command is about: the one named, the one open here, or the one that somebody else has opened for this service. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { AbsentError, UsageError } from '../errors.ts'
import { type Incident, incidentOf } from '../incident/state.ts'
import { nearest } from '../nearest.ts'
import type { Settings } from '../settings.ts'
import type { GlobalOptions } from './entry.ts'
import { type OpenIncident, openIncident, placeOf, setClosed, setOpen } from './incident-open.ts'
import { type Hurt, type IncidentStore, openStore, type Reading } from './incident-store.ts'

export interface Current extends Reading {
  incident: Incident
  store: IncidentStore
  settings: Settings
}

/** Incidents beyond the newest so many are not looked through for one that is open. */
const mostLookedAt = 20

/** Do something with an incident's record; the record is closed afterwards. `past` also takes the newest one that is over, where nobody named one. */
export async function withIncident<T>(
  context: Context,
  options: GlobalOptions,
  which: { id?: string | undefined; past?: boolean },
  work: (current: Current) => Promise<T>,
): Promise<T> {
  const { settings } = await loadSettings(options, context)
  const open = await openIncident(context)
  const chosen = which.id ?? open?.id
  const store = await openStore(context, open !== undefined && chosen === open.id ? open.place : placeOf(settings))
  try {
    const found = chosen === undefined ? await search(store, settings, which.past ?? false) : await read(store, chosen)
    tellDamage(context, found.damage)
    await follow(context, found.incident, open, settings, which.id)
    return await work({ ...found, store, settings })
  } finally {
    await store.close()
  }
}

type Found = Reading & { incident: Incident }

async function read(store: IncidentStore, id: string): Promise<Found> {
  const reading = await store.read(id)
  const incident = incidentOf(reading.entries)
  if (incident) return { ...reading, incident }
  const meant = nearest(id, await store.ids())
  throw new AbsentError(
    reading.damage.length > 0 ? `nothing of the record of ${id} can be read` : `there is no incident ${id}`,
    meant && meant !== id ? `did you mean ${meant}?` : 'task-mcp incident list',
  )
}

async function search(store: IncidentStore, settings: Settings, past: boolean): Promise<Found> {
  const { namespace, workload } = settings.service
  let newest: Found | undefined
  const open: Found[] = []
  for (const id of (await store.ids()).reverse().slice(0, mostLookedAt)) {
    const reading = await store.read(id)
    const incident = incidentOf(reading.entries)
    if (incident === undefined) continue
    newest ??= { ...reading, incident }
    const mine = incident.service.namespace === namespace && incident.service.workload === workload
    if (incident.status === 'open' && mine) open.push({ ...reading, incident })
  }
  if (open.length > 1)
    throw new UsageError(
      `${open.length} incidents of ${namespace}/${workload} are open: ${open.map(({ incident }) => `${incident.id} (${incident.title})`).join(', ')}`,
      'name one, or resolve those that are the same: task-mcp incident resolve --incident ID',
    )
  if (open[0] !== undefined) return open[0]
  if (past && newest !== undefined) return newest
  throw new AbsentError(
    'no incident is open',
    `task-mcp incident start "what users notice"${newest ? '; task-mcp incident list has the past ones' : ''}`,
  )
}

/** This machine's commands join the incident that its user works on, and none that is over. */
async function follow(
  context: Context,
  incident: Incident,
  open: OpenIncident | undefined,
  settings: Settings,
  named: string | undefined,
): Promise<void> {
  if (incident.status === 'open' && open === undefined && named === undefined) {
    await setOpen(context, { id: incident.id, place: placeOf(settings) })
    context.terminal.err(
      `joined ${incident.id}, opened by ${incident.openedBy}: every task-mcp command here is on its time line from now on\n`,
    )
  }
  if (incident.status === 'resolved' && open?.id === incident.id) {
    await setClosed(context)
    context.terminal.err(`${incident.id} was resolved by ${incident.resolvedBy}: commands join it no longer\n`)
  }
}

function tellDamage(context: Context, damage: readonly Hurt[]): void {
  for (const { where, at, bytes, why, kept } of damage)
    context.terminal.err(
      `careful: ${where}, ${at} (${bytes} bytes) is damaged: ${why}${kept > 0 ? `; ${kept} ${kept === 1 ? 'entry' : 'entries'} in it could be kept` : ''}\n`,
    )
}
