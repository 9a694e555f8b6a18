/** `task-mcp incident postmortem`: the form to fill in after an incident, and its action items, kept as tasks. */
import type { Context } from '../context.ts'
import { type ExitCode, ExpectedError, exit, UsageError } from '../errors.ts'
import { postmortemOf } from '../incident/postmortem.ts'
import { type ActionItem, type Incident, incidentOf } from '../incident/state.ts'
import { itemsCsv, itemsIssues, postmortemMarkdown } from '../output/incident-postmortem.ts'
import { counted } from '../output/page.ts'
import { type Current, withIncident } from './incident-current.ts'
import { type IncidentOptions, print, zoneOf } from './incident-print.ts'
import { tell } from './incident-report.ts'
import { keepItems, statesOf } from './incident-tasks.ts'
import { dueSaid } from './incident-times.ts'

interface PostmortemOptions extends IncidentOptions {
  readonly add?: string
  readonly owner?: string
  readonly due?: string
  readonly keep: boolean
  readonly export?: 'csv' | 'issues'
  readonly url?: string
}

export function run(context: Context, [id]: readonly string[], options: PostmortemOptions): Promise<ExitCode> {
  if (options.add === undefined && (options.owner !== undefined || options.due !== undefined))
    throw new UsageError(
      '--owner and --due are about an item that --add adds',
      'task-mcp incident postmortem --add "what is to be done" --owner kim --due 7d',
    )
  return withIncident(context, options, { id, past: true }, async (current) => {
    if (options.add !== undefined || options.keep) return keep(context, current, options)
    const zone = zoneOf(current.settings, options)
    const [story, { states, trouble }] = await Promise.all([
      tell(context, current, options),
      statesOf(context, current.settings, current.incident, options.url),
    ])
    if (trouble !== undefined) context.terminal.err(`the tasks could not be asked: ${trouble}\n`)
    const postmortem = postmortemOf(story, states, context.clock.now())
    const text = () =>
      options.export === 'csv'
        ? itemsCsv(postmortem)
        : options.export === 'issues'
          ? itemsIssues(postmortem)
          : postmortemMarkdown(postmortem, zone)
    context.terminal.out(options.json ? `${JSON.stringify(postmortem, null, 2)}\n` : text())
    return exit.ok
  })
}

/** Adds the item, if one is to be added, and makes tasks of all that are none yet. What cannot be kept now stays in the record. */
async function keep(context: Context, current: Current, options: PostmortemOptions): Promise<ExitCode> {
  const { incident, store, settings } = current
  const { terminal, clock } = context
  let now: Incident = incident
  const add = async (told: Parameters<typeof store.add>[1]) => {
    now = incidentOf([...now.entries, ...(await store.add(incident.id, told))])!
  }
  if (options.add !== undefined) {
    const text = options.add.trim()
    if (text === '') throw new UsageError('--add needs a text', 'say what is to be done')
    if (options.owner === undefined) throw new UsageError('an action item needs somebody who does it', 'say who: --owner kim')
    await add([{ type: 'item', text, owner: options.owner, due: dueSaid(options.due ?? '7d', '--due', clock.now()) }])
  }
  let trouble: ExpectedError | undefined
  try {
    const told = await keepItems(context, settings, now, options.url)
    if (told.length > 0) await add(told)
  } catch (error) {
    if (!(error instanceof ExpectedError) || context.signal.aborted) throw error
    trouble = error
  }
  const shown = options.add === undefined ? now.items : now.items.slice(-1)
  const line = (item: ActionItem) =>
    `${item.text} (${item.owner}, by ${item.due})${item.task ? `: task ${item.task.id}` : ': in the record, not a task yet'}\n`
  print(context, options, { ...current, incident: now }, () => shown.map(line).join(''))
  if (trouble === undefined) return exit.ok
  const left = now.items.filter(({ task }) => task === undefined).length
  terminal.err(`${counted(left, 'item')} could not be kept as ${left === 1 ? 'a task' : 'tasks'}: ${trouble.message}\n`)
  terminal.err(`  ${trouble.next ? `${trouble.next}; then: ` : ''}task-mcp incident postmortem ${now.id} --keep\n`)
  return exit.unknown
}
