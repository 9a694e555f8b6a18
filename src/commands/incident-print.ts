/** How the incident commands print their answers. */
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { answerOf } from '../incident/answer.ts'
import { type Escalation, escalation } from '../incident/escalation.ts'
import { type Incident, situationOf } from '../incident/state.ts'
import type { Look } from '../output/page.ts'
import { styleFor } from '../output/style.ts'
import { loadRunbooks } from '../runbook/directory.ts'
import type { Settings } from '../settings.ts'
import type { GlobalOptions } from './entry.ts'
import type { Current } from './incident-current.ts'

export interface IncidentOptions extends GlobalOptions {
  readonly incident?: string
  readonly timeZone?: string
}

export const lookOf = ({ terminal }: Context, options: GlobalOptions): Look => ({
  columns: terminal.columns,
  style: styleFor(terminal),
  verbose: options.verbose,
})

/** The zone that times are shown in: said, else as people are called. */
export function zoneOf(settings: Settings, options: IncidentOptions): string {
  const zone = options.timeZone ?? settings.escalation.timeZone
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone
  } catch {
    throw new UsageError(`no time zone is called "${zone}"`, 'use a name such as Europe/Vienna, America/New_York or UTC')
  }
}

/** The escalation clock as it stands, by the levels of the settings or of the runbooks. */
export async function clockOf(context: Context, settings: Settings, incident: Incident): Promise<Escalation> {
  const { levels } = settings.escalation
  const books = levels.length > 0 ? [] : await loadRunbooks(context.files, context.root, settings.runbooks)
  const all = levels.length > 0 ? levels : books.flatMap((book) => book.levels)
  return escalation(
    [...all].sort((a, b) => a.level - b.level),
    situationOf(incident, context.clock.now()),
  )
}

/** The answer as JSON, or the text. */
export function print(
  context: Context,
  options: GlobalOptions,
  current: Pick<Current, 'incident' | 'damage' | 'synced' | 'store'>,
  text: () => string,
  more: { clock?: Escalation; rows?: boolean; whole?: boolean } = {},
): void {
  const { incident, damage, synced, store } = current
  const shared = store.where === undefined ? null : { where: store.where, level: synced !== undefined }
  context.terminal.out(options.json ? `${JSON.stringify(answerOf(incident, { damage, shared, ...more }), null, 2)}\n` : text())
}
