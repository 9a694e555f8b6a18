/** `task-mcp incident report`: the story of an incident, for those who were not there. */
import path from 'node:path'
import { openRecord, type RunRecord } from '../actions/run-record.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import type { RunChange } from '../incident/actions.ts'
import { type Story, storyOf } from '../incident/story.ts'
import { reportMarkdown } from '../output/incident-markdown.ts'
import { renderReport } from '../output/incident-report.ts'
import { type Current, withIncident } from './incident-current.ts'
import { measure } from './incident-measure.ts'
import { type IncidentOptions, lookOf, zoneOf } from './incident-print.ts'

export interface ReportOptions extends IncidentOptions {
  readonly html?: string
  readonly markdown: boolean
}

export function run(context: Context, [id]: readonly string[], options: ReportOptions): Promise<ExitCode> {
  return withIncident(context, options, { id, past: true }, async (current) => {
    const zone = zoneOf(current.settings, options)
    const story = await tell(context, current, options)
    const { terminal, files, cwd } = context
    if (options.html !== undefined) {
      const { reportHtml } = await import('../output/incident-html.ts')
      await files.write(path.resolve(cwd, options.html), reportHtml(story, zone))
      terminal.err(`wrote ${options.html}\n`)
    }
    terminal.out(
      options.json
        ? `${JSON.stringify(story, null, 2)}\n`
        : options.markdown
          ? reportMarkdown(story, zone)
          : renderReport(story, lookOf(context, options), zone),
    )
    return exit.ok
  })
}

/** The story of the incident, measured now. */
export async function tell(context: Context, { incident, settings, damage }: Current, options: IncidentOptions): Promise<Story> {
  const { incident: _, timeZone: __, ...rest } = options
  const [impact, changes] = await Promise.all([measure(context, settings, incident, rest), changesOf(openRecord(context), incident)])
  return storyOf(incident, impact, damage.length, changes)
}

/** What the run record of this machine knows of the changes made since the incident began, among them those whose command never ended. */
async function changesOf(record: RunRecord, { onset, resolvedAt }: Current['incident']): Promise<Map<string, RunChange>> {
  const found = new Map<string, RunChange>()
  for (const line of await record.lines()) {
    const at = Date.parse(line.at)
    if (line.type === 'plan' && at >= Date.parse(onset) && (resolvedAt === undefined || at <= Date.parse(resolvedAt)))
      found.set(line.plan.id, {
        at: line.at,
        by: line.by,
        summary: line.plan.summary,
        sent: false,
        verified: undefined,
        undoneBy: undefined,
      })
    const change = 'id' in line ? found.get(line.id) : undefined
    if (change === undefined) continue
    if (line.type === 'request') change.sent = true
    if (line.type === 'answer') change.sent = line.outcome !== 'not-applied'
    if (line.type === 'verified') change.verified = line.ok
    if (line.type === 'undone') change.undoneBy = line.undo
  }
  return found
}
