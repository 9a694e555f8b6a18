/** A recorded fault for practice: what can be asked, what was right, and the score. Pure: the clock and the answers are handed in. */
import { type CauseCode, causeCodes } from '../diagnosis/codes.ts'
import type { ActionName, Cause, StepResult, Verdict } from '../diagnosis/verdict.ts'

/** One move: look at a step of the runbook, name the cause, do something, be helped, or stop. */
export type Move =
  | { move: 'check'; step: string }
  | { move: 'cause'; code: CauseCode }
  | { move: 'do'; action: ActionName }
  | { move: 'hint' }
  | { move: 'give-up' }

export interface Drill {
  name: string
  /** What the person is told at the beginning. */
  told: string
  verdict: Verdict
  /** Epoch milliseconds. */
  started: number
  checks: string[]
  wrong: { what: string; why: string }[]
  hints: number
  /** How it ended; undefined while it goes on. */
  ended: { how: 'found' | 'given up'; at: number } | undefined
}

export interface Score {
  schemaVersion: 1
  drill: string
  found: boolean
  cause: CauseCode
  secondsToCause: number | null
  checks: number
  wrongTurns: number
  hints: number
  points: number
}

export const startDrill = (name: string, told: string, verdict: Verdict, now: number): Drill => ({
  name,
  told,
  verdict,
  started: now,
  checks: [],
  wrong: [],
  hints: 0,
  ended: undefined,
})

const truth = ({ verdict }: Drill): Cause => verdict.causes[0]!

/** Steps that can be looked at: the checks of the runbook that say something here. */
export const checksOf = ({ verdict }: Drill): StepResult[] =>
  verdict.steps.filter((step) => step.kind === 'check' && step.status !== 'not-applicable' && step.found !== '')

/** Actions that a person may think of. */
export const actionsOf = ({ verdict }: Drill): ActionName[] => {
  const usual: ActionName[] = ['restart', 'rollback', 'scale', 'resources', 'config', 'service', 'policy']
  return [...new Set([...usual, ...verdict.causes.flatMap((cause) => cause.remedies.map(({ action }) => action))])].filter(
    (action) => action !== 'manual' && action !== 'escalate',
  )
}

/** Codes to choose from: the right one, what it could be mistaken for, and as many others as make ten, in the order of the list of all. */
export function guessesOf(drill: Drill): CauseCode[] {
  const cause = truth(drill)
  const near = new Set<CauseCode>([cause.code, ...cause.rivals.map(({ code }) => code)])
  // The others are spread over the list, from a place that the drill's name chooses, so that the same drill always asks the same.
  const begin = [...drill.name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  for (let step = 0; near.size < 10; step++) near.add(causeCodes[(begin + step * 7) % causeCodes.length]!)
  return causeCodes.filter((code) => near.has(code))
}

/** What comes of a move: the drill as it then stands, and what the person reads. A drill that has ended stays as it is. */
export function moved(drill: Drill, move: Move, now: number): { drill: Drill; says: string } {
  if (drill.ended !== undefined) return { drill, says: 'it is over' }
  const cause = truth(drill)
  switch (move.move) {
    case 'check': {
      const step = checksOf(drill).find(({ id }) => id === move.step)
      if (step === undefined) return { drill, says: `there is nothing to look at under "${move.step}"` }
      return { drill: { ...drill, checks: [...drill.checks, step.id] }, says: `${step.title}: ${step.found}` }
    }
    case 'hint': {
      const next = checksOf(drill).find(({ id, status }) => status === 'found' && !drill.checks.includes(id))
      const says =
        next === undefined ? `it is about ${cause.subject.kind} ${cause.subject.name}` : `look at "${next.title}" (check=${next.id})`
      return { drill: { ...drill, hints: drill.hints + 1 }, says }
    }
    case 'do':
      return doing(drill, move.action, cause)
    case 'cause':
      return guessing(drill, move.code, cause, now)
    case 'give-up':
      return { drill: { ...drill, ended: { how: 'given up', at: now } }, says: `It was ${cause.code}: ${cause.summary}` }
  }
}

function doing(drill: Drill, action: ActionName, cause: Cause): { drill: Drill; says: string } {
  const never = cause.never.find((refusal) => refusal.action === action)
  const remedy = cause.remedies.find((one) => one.action === action)
  if (remedy !== undefined) return { drill, says: `${action} is a cure here: ${remedy.why}. Say first what it cures: name the cause.` }
  const why = never?.why ?? 'it would change nothing about the cause'
  return {
    drill: { ...drill, wrong: [...drill.wrong, { what: `do ${action}`, why }] },
    says: `${action} ${never ? 'would do harm' : 'would not help'}: ${why}`,
  }
}

function guessing(drill: Drill, code: CauseCode, cause: Cause, now: number): { drill: Drill; says: string } {
  if (code === cause.code) return { drill: { ...drill, ended: { how: 'found', at: now } }, says: `Yes: ${cause.summary}` }
  const effect = drill.verdict.causes.slice(1).find((other) => other.code === code)
  const rival = cause.rivals.find((one) => one.code === code)
  const why = effect ? 'that is there too, but it is not what began it' : (rival?.fact ?? 'nothing that was seen speaks for it')
  return { drill: { ...drill, wrong: [...drill.wrong, { what: `cause ${code}`, why }] }, says: `Not ${code}: ${why}` }
}

/** Points of 100: a wrong turn costs 20, a hint 10, every look after the third 2, every whole minute 1. Given up is 0. */
export function scoreOf(drill: Drill): Score {
  const found = drill.ended?.how === 'found'
  const seconds = drill.ended === undefined ? null : Math.max(0, Math.round((drill.ended.at - drill.started) / 1000))
  const cost = drill.wrong.length * 20 + drill.hints * 10 + Math.max(0, drill.checks.length - 3) * 2 + Math.floor((seconds ?? 0) / 60)
  return {
    schemaVersion: 1,
    drill: drill.name,
    found,
    cause: truth(drill).code,
    secondsToCause: found ? seconds : null,
    checks: drill.checks.length,
    wrongTurns: drill.wrong.length,
    hints: drill.hints,
    points: found ? Math.max(0, 100 - cost) : 0,
  }
}
