/** Reads what the bad events of a budget were: which routes, tools, limiters and checks. */
import { ExpectedError } from '../errors.ts'
import type { Objective } from '../slo/objectives.ts'
import { sharedOut } from '../slo/queries.ts'
import type { Piece } from '../slo/seen.ts'
import type { QueryAnswer } from '../targets/ports.ts'
import type { Ask } from './slo.ts'

export interface Blame {
  /** By objective's id, then by word. */
  by: Record<string, Record<string, Piece[]>>
  notSeen: string[]
}

/** What was bad by route, tool and the like. A refused expression leaves them out and is quoted: the budget itself does not need it. */
export async function readBlame(ask: Ask, objectives: readonly Objective[], elapsed: number): Promise<Blame> {
  const queries = sharedOut(objectives, elapsed)
  if (Object.keys(queries).length === 0) return { by: {}, notSeen: [] }
  let answers: Record<string, QueryAnswer>
  try {
    answers = await ask(queries)
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    return {
      by: {},
      notSeen: [
        `what spent it, by ${Object.keys(queries)
          .map((name) => name.split(' ').at(-1))
          .join(', ')}: ${error.message}`,
      ],
    }
  }
  const pieces = (answer: QueryAnswer | undefined): Piece[] =>
    (answer?.series ?? [])
      .flatMap(({ labels, points }) => (points[0] && Number.isFinite(points[0][1]) ? [{ labels, bad: points[0][1] }] : []))
      .sort((a, b) => b.bad - a.bad)
  return {
    by: Object.fromEntries(
      objectives.map(({ id, spentBy = {} }) => [
        id,
        Object.fromEntries(Object.keys(spentBy).map((word) => [word, pieces(answers[`by ${id} ${word}`])])),
      ]),
    ),
    notSeen: [],
  }
}
