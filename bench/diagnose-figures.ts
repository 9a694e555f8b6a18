/** What the benches of `diagnose` share: quantiles, and a line that says on what they ran. */
import { cpus, loadavg } from 'node:os'

/** The value below which `share` (0 to 1) of the values lie; the nearest one, never one between two. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

/** Load averages over 1 and 5 minutes, as text. */
export const load = (): string =>
  loadavg()
    .slice(0, 2)
    .map((average) => average.toFixed(1))
    .join(', ')

/** Date, processor, cores and Node, for the first line of a report. */
export const machine = (): string =>
  `${new Date().toISOString().slice(0, 16)}Z, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, node ${process.version}`
