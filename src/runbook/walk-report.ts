/** What a walk came to, out of the run record. Pure. */
import type { Recorded } from '../actions/run-record.ts'
import type { WalkReport } from '../output/walk.ts'
import type { Seen } from './guide.ts'

/** Takes the lines of the record and which walk; gives each step with its last answer, in the order in which they were first given. Times in milliseconds. */
export function reportOf(
  lines: readonly Recorded[],
  walk: string,
  runbook: string,
  outcome: WalkReport['outcome'],
  seen: Seen,
  startedAt: number,
  now: number,
): WalkReport {
  const steps = new Map<string, WalkReport['steps'][number]>()
  const notes: WalkReport['notes'] = []
  for (const line of lines) {
    if (line.type === 'step' && line.id === walk) {
      const { step, phase, kind, status, found, choice, at, by, note, change, ok } = line
      const more = {
        ...(note === undefined ? {} : { note }),
        ...(change === undefined ? {} : { change }),
        ...(ok === undefined ? {} : { ok }),
      }
      steps.set(step, { id: step, phase, kind, status, found, choice, at, by, ...more })
    }
    if (line.type === 'note' && line.id === walk) notes.push({ step: line.step, note: line.note, at: line.at, by: line.by })
  }
  const { verdict, headline } = seen
  return {
    schemaVersion: 1,
    walk,
    runbook,
    outcome,
    verdict,
    headline,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(now).toISOString(),
    steps: [...steps.values()],
    notes,
  }
}
