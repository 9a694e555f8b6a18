/** How old streams were when they ended, and how much waits for those that are open. Pure. */
import { instant, type View } from './view.ts'

export interface AgeGroup {
  /** Seconds: older than `from`, at most `to`. */
  from: number
  to: number
  n: number
}

/** Streams that ended in 15 minutes, and the age that most of them had. */
export function streamAges(view: View): { ended: number; most: AgeGroup | undefined } {
  const bounds = (instant(view, 'stream_ages') ?? [])
    .map((s) => ({ to: s.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(s.labels.le), n: s.points.at(-1)?.[1] || 0 }))
    .sort((a, b) => a.to - b.to)
  const groups = bounds.map(({ to, n }, i): AgeGroup => ({ from: bounds[i - 1]?.to ?? 0, to, n: n - (bounds[i - 1]?.n ?? 0) }))
  return { ended: bounds.at(-1)?.n ?? 0, most: groups.reduce<AgeGroup | undefined>((a, b) => (a && a.n >= b.n ? a : b), undefined) }
}

const muchWaiting = 8 * 2 ** 20
const muchEach = 128 * 2 ** 10

/** Whether so many bytes in one pod, for so many open streams, mean readers that are too slow. */
export const tooMuchWaits = (waiting: number, open: number | undefined): boolean =>
  waiting > muchWaiting && waiting / (open || 1) > muchEach
