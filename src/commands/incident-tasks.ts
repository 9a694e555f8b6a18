/** Action items as tasks of an MCP server: made once, however often it is asked, and read back. */
import type { Context } from '../context.ts'
import { ExpectedError, UnreachableError } from '../errors.ts'
import { McpSession, type McpWay } from '../facts/mcp-session.ts'
import { part } from '../facts/part.ts'
import type { Told } from '../incident/entry.ts'
import type { ItemState } from '../incident/postmortem.ts'
import type { ActionItem, Incident } from '../incident/state.ts'
import type { Settings } from '../settings.ts'
import { mcpWay } from './mcp-way.ts'

/** A session with the endpoint at a URL, or of the service through the API server. */
export async function openTasks(
  context: Context,
  settings: Settings,
  url: string | undefined,
): Promise<{ session: McpSession; way: McpWay; signal: AbortSignal }> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(settings.timeoutSeconds * 1000)])
  const cluster =
    url === undefined ? await part(() => context.targets(settings).cluster(), signal) : ({ state: 'absent', reason: 'not needed' } as const)
  const way = await mcpWay(context, settings, cluster, url)
  const session = new McpSession(way)
  await session.initialize({ name: 'task-mcp-incident', version: context.version }, signal)
  return { session, way, signal }
}

/** Makes a task of every item that is not one yet; gives the entries that say so. */
export async function keepItems(context: Context, settings: Settings, incident: Incident, url: string | undefined): Promise<Told[]> {
  const missing = incident.items.filter(({ task }) => task === undefined)
  if (missing.length === 0) return []
  const { session, way, signal } = await openTasks(context, settings, url)
  const told: Told[] = []
  for (const item of missing) {
    const answer = await session.call('create_task', taskOf(item, incident), signal)
    const task = (answer as { task?: { id?: unknown } } | null)?.task?.id
    if (typeof task !== 'string') throw new UnreachableError(`${way.where} made no task of "${item.text}"`, 'task-mcp smoke walks it')
    told.push({ type: 'kept', item: item.id, task, where: way.where })
  }
  return told
}

/** The arguments of create_task. The item's id as key makes sure that a repeated call makes no second task. */
function taskOf(item: ActionItem, { id, title, severity }: Incident): object {
  return {
    title: item.text.slice(0, 300),
    description: `From incident ${id} (${severity}): ${title}\nOwner: ${item.owner}\n\ntask-mcp incident postmortem ${id}`,
    labels: ['incident', id, `owner:${item.owner}`.slice(0, 60)],
    dueAt: item.due,
    priority: severity === 'sev1' ? 'high' : 'normal',
    idempotencyKey: item.id,
  }
}

/** How the tasks stand, by their ids. What cannot be asked is missing; `trouble` says why. */
export async function statesOf(
  context: Context,
  settings: Settings,
  incident: Incident,
  url: string | undefined,
): Promise<{ states: Map<string, ItemState>; trouble: string | undefined }> {
  const states = new Map<string, ItemState>()
  const kept = incident.items.flatMap(({ task }) => task ?? [])
  if (kept.length === 0) return { states, trouble: undefined }
  try {
    const { session, signal } = await openTasks(context, settings, url ?? urlOf(kept[0]!.where))
    for (const { id } of kept) {
      const answer = await session.call('get_task', { id }, signal)
      const status = (answer as { task?: { status?: unknown } } | null)?.task?.status
      states.set(id, status === 'completed' || status === 'done' ? 'completed' : status === 'open' ? 'open' : 'unknown')
    }
    return { states, trouble: undefined }
  } catch (error) {
    if (!(error instanceof ExpectedError) || context.signal.aborted) throw error
    return { states, trouble: error.message }
  }
}

const urlOf = (where: string): string | undefined => (/^https?:/.test(where) ? where : undefined)
