/** What was changed during an incident, and whether it helped: told from the diagnoses before and after. Pure. */
import type { ChangeDigest, VerdictDigest } from './entry.ts'
import type { Incident } from './state.ts'

export type Help = 'helped' | 'did not help' | 'made worse' | 'undone' | 'not known'

export interface StoryAction {
  at: string
  by: string
  line: string
  change: ChangeDigest
  help: Help
  why: string
}

/** What the run record says of a change, whether or not its command lived to join the time line. */
export interface RunChange {
  at: string
  by: string
  summary: string
  /** It reached the API server, or may have. */
  sent: boolean
  verified: boolean | undefined
  undoneBy: string | undefined
}

/** The changes that took effect, by time: those of the time line, with what the run record knows of them, and those whose command was cut off. */
export function actionsOf(incident: Incident, changes: ReadonlyMap<string, RunChange>): StoryAction[] {
  const commands = incident.entries.filter((entry) => entry.type === 'command')
  const all = commands.flatMap((entry) => (entry.changes ?? []).map((change) => ({ entry, change })))
  const effective = all.filter(({ change }) => change.outcome === 'applied' || change.outcome === 'failed')
  const told = effective.map(({ entry, change }): StoryAction => {
    const known = changes.get(change.id)
    const undo = known?.undoneBy ?? all.find((other) => other.change.undoes === change.id && other.change.outcome === 'applied')?.change.id
    const merged: ChangeDigest = { ...change, ...(known?.verified === undefined ? {} : { verified: known.verified }) }
    const started = new Date(Date.parse(entry.at) - entry.seconds * 1000).toISOString()
    return { at: started, by: entry.by, line: entry.line, change: merged, ...helpOf(merged, undo, started, entry.at, incident.verdicts) }
  })
  const named = new Set(all.map(({ change }) => change.id))
  const cut = [...changes]
    .filter(([id, change]) => change.sent && !named.has(id))
    .map(([id, known]) => cutOff(id, known, incident.verdicts))
  return [...told, ...cut].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

/** A change whose command was killed before it ended: the run record alone knows of it. */
function cutOff(id: string, { at, by, summary, verified, undoneBy }: RunChange, verdicts: readonly VerdictDigest[]): StoryAction {
  const change: ChangeDigest = {
    id,
    summary,
    outcome: 'applied',
    said: 'its command was cut off',
    ...(verified === undefined ? {} : { verified }),
  }
  return { at, by, line: `task-mcp undo ${id} (would take it back)`, change, ...helpOf(change, undoneBy, at, at, verdicts) }
}

/** Whether a change helped: by the last look before it and the first after it. */
function helpOf(
  change: ChangeDigest,
  undo: string | undefined,
  started: string,
  ended: string,
  verdicts: readonly VerdictDigest[],
): { help: Help; why: string } {
  if (undo !== undefined) return { help: 'undone', why: `taken back by ${undo}` }
  if (change.verified === false) return { help: 'did not help', why: `it did not come true: ${change.said}` }
  const begun = Date.parse(started)
  const times = verdicts.map((verdict) => ({ verdict, at: Date.parse(verdict.at) }))
  // `fix` looks first and acts then, so a look a moment into the command is still from before; its second look is after the change.
  const within = times.filter(({ at }) => at >= begun && at <= Date.parse(ended))
  const before = within.length > 1 ? within[0] : (times.findLast(({ at }) => at <= begun) ?? within[0])
  const after = within.length > 1 ? within.at(-1) : times.find(({ at }) => at > Date.parse(ended))
  if (before === undefined || after === undefined || before === after)
    return { help: 'not known', why: 'nothing was diagnosed on both sides of it' }
  const minutes = Math.round((after.at - begun) / 60_000)
  const later = minutes < 1 ? 'right after it' : `${minutes} min later`
  const cause = before.verdict.causes[0]
  if (after.verdict.verdict === 'healthy') return { help: 'helped', why: `healthy ${later}` }
  if (cause !== undefined && after.verdict.causes.some(({ code }) => code === cause.code)) {
    const worse = after.verdict.down && !before.verdict.down
    return {
      help: worse ? 'made worse' : 'did not help',
      why: `${cause.code} was still there ${later}${worse ? ', and the service was down' : ''}`,
    }
  }
  if (cause !== undefined)
    return {
      help: 'helped',
      why: `${cause.code} was gone ${later}${after.verdict.causes[0] ? `; ${after.verdict.causes[0].code} was behind it` : ''}`,
    }
  return { help: 'not known', why: `${after.verdict.verdict} ${later}` }
}
