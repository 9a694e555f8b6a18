/** A walk put together again from the run record, so that it can go on after a closed terminal. Pure. */
import type { PastChange, Recorded } from '../actions/run-record.ts'

/** What the record has of a step. Without `choice` it was begun and not answered. */
export interface Earlier {
  choice?: string
  status: string
  found: string
  note?: string | undefined
  /** RFC 3339. */
  at: string
  change?: string | undefined
  /** The change was verified, though the step has no answer. */
  settled?: boolean
}

export interface OpenWalk {
  id: string
  runbook: string
  /** RFC 3339, of its beginning. */
  at: string
  by: string
  steps: Map<string, Earlier>
}

/** Takes the lines, the changes made since, and which service; gives the walks that are not finished, oldest first. */
export function openWalks(
  lines: readonly Recorded[],
  changes: readonly PastChange[],
  service: { server: string; namespace: string; workload: string },
): OpenWalk[] {
  const walks = new Map<string, OpenWalk>()
  for (const line of lines) {
    if (line.type === 'walk') {
      if (line.cluster.server === service.server && line.namespace === service.namespace && line.workload === service.workload)
        walks.set(line.id, { id: line.id, runbook: line.runbook, at: line.at, by: line.by, steps: new Map() })
      continue
    }
    const walk = line.type === 'plan' ? undefined : walks.get(line.id)
    if (walk === undefined) continue
    if (line.type === 'walk-over' && line.outcome === 'finished') walks.delete(line.id)
    if (line.type === 'step') {
      const { choice, status, found, note, change, at } = line
      walk.steps.set(line.step, { choice, status, found, note, change, at })
    }
    if (line.type === 'step-begun') {
      const settled = changes.some((change) => change.id === line.change && change.verified === true)
      walk.steps.set(line.step, { status: 'todo', found: '', at: line.at, change: line.change, settled })
    }
  }
  return [...walks.values()]
}
