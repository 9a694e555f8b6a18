/** Which incident is open on this machine: a small file that is there while one is, so that every other run pays one look for it. */
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { openIncidentFile } from '../state-directory.ts'

/** Where the record of an incident is shared. Kept with the open incident, so that a command about another service still finds it. */
export interface Place {
  shared: Settings['incident']['shared']
  namespace: string
  databaseUrlFile?: string | undefined
  kubeconfig?: string | undefined
  context?: string | undefined
}

export interface OpenIncident {
  id: string
  place: Place
}

export function placeOf({ incident, cluster }: Settings): Place {
  const { shared, namespace, databaseUrlFile } = incident
  return { shared, namespace, databaseUrlFile, kubeconfig: cluster.kubeconfig, context: cluster.context }
}

/** The open incident, or undefined. UsageError where the file says nothing that can be read. */
export async function openIncident(context: Context): Promise<OpenIncident | undefined> {
  const file = openIncidentFile(context)
  if (!(await context.files.exists(file))) return undefined
  const text = await context.files.read(file)
  try {
    const { id, place } = JSON.parse(text) as OpenIncident
    if (typeof id === 'string' && typeof place?.shared === 'string') return { id, place }
  } catch {}
  throw new UsageError(`${file} does not name an incident any more`, `remove it, then: task-mcp incident list`)
}

/** From here on the commands of this machine join this incident. */
export const setOpen = (context: Context, open: OpenIncident): Promise<void> =>
  context.files.write(openIncidentFile(context), `${JSON.stringify(open)}\n`)

/** From here on they join none. */
export const setClosed = (context: Context): Promise<void> => context.files.remove(openIncidentFile(context))
