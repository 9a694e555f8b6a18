/** What was counted: the shape that facts/slo.ts reads and report.ts judges. */
import type { Counts } from './counts.ts'
import type { BudgetWindow } from './window.ts'

/** A time whose cost is asked for: a deploy, or an incident with an end. Unix seconds. */
export interface Moment {
  at: number
  end?: number
  name: string
}

export interface SloFacts {
  /** Where it was asked. */
  where: string
  /** Unix seconds. */
  at: number
  window: BudgetWindow
  source: 'recorded' | 'raw'
  counts: Record<string, ObjectiveCounts>
  deploys: (Moment & { before: Record<string, Counts | null>; after: Record<string, Counts | null> })[]
  incidents: (Moment & { during: Record<string, Counts | null> })[]
  /** Where nothing at all was counted: which jobs there were in the last hour; of the service 1 when it was scraped, 0 when each scrape failed. */
  known?: { jobs: string[]; scraped: number | undefined; selector: string } | undefined
  /** What Prometheus warned of, and what could not be asked. */
  warnings: string[]
  /** What would belong into the answer and could not be looked at, each with its reason. */
  notSeen: string[]
}

/** A share of what was bad, by labels. */
export interface Piece {
  labels: Record<string, string>
  bad: number
}

/** What was counted for one objective. null where nothing was. */
export interface ObjectiveCounts {
  windows: Record<string, Counts | null>
  /** By the end of each hour in unix seconds, oldest first. */
  hours: [end: number, counts: Counts | null][]
  recordedMinutes: number
  /** No rule has recorded it: it was counted from the service's own series. */
  raw: boolean
  /** What was bad by word (`route`, `tool`) and labels, the most first; undefined where it was not asked. */
  by: Record<string, Piece[]> | undefined
  /** The target that the loaded rules were made with, where rules are loaded. */
  loadedTarget: number | undefined
}
