/** Counts out of answers that have a series for each objective, told apart by the label `slo`. */
import type { Counts } from '../slo/counts.ts'
import type { QueryAnswer } from '../targets/ports.ts'

/** The value of each objective, by its id. */
export function valuesBySlo(answer: QueryAnswer): Map<string, number> {
  return new Map(
    answer.series.flatMap(({ labels, points }) =>
      labels.slo !== undefined && points[0] !== undefined ? [[labels.slo, points[0][1]] as const] : [],
    ),
  )
}

/** Bad and total of one objective. */
export function countsOf(slo: string, bad: QueryAnswer, total: QueryAnswer): Counts | null {
  return pair(valuesBySlo(bad).get(slo), valuesBySlo(total).get(slo))
}

/** Both or nothing: a count that is missing, NaN or infinite is no count. */
export function pair(bad: number | undefined, total: number | undefined): Counts | null {
  return bad !== undefined && total !== undefined && Number.isFinite(bad) && Number.isFinite(total) ? { bad, total } : null
}
