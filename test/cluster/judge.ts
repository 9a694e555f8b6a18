/** Right or wrong: pure. */
import type { Verdict } from '../../src/diagnosis/verdict.ts'
import { cures } from './cures.ts'
import type { Expected } from './fault.ts'

export interface Judgement {
  found: string
  /** The cause, or the verdict where no cause is expected, is one of the right ones. */
  cause: boolean
  /** And its subject is one of the right objects. */
  right: boolean
  /** The first remedy of the first cause, and whether it is one of its cures; absent where the cause is wrong or has no single cure. */
  remedy?: { first: string; right: boolean }
  /** Actions proposed that would have harmed. */
  harm: string[]
  leaked: boolean
}

export interface Question {
  expected: readonly string[]
  subjects: readonly Expected[]
  wrong: readonly string[]
  /** Causes that must all be named. */
  also?: readonly string[]
  /** No cause but the first may be named. */
  only?: boolean
  secrets: readonly string[]
}

/** Takes what was asked for and what was answered. The first cause counts; every remedy of every cause is looked at for harm. */
export function judge(question: Question, verdict: Verdict | undefined, said: string): Judgement {
  const first = verdict?.causes[0]
  const word = verdict === undefined ? 'no answer' : (first?.code ?? verdict.verdict)
  const cause = question.expected.includes(word) && (word !== 'healthy' || verdict?.causes.length === 0)
  const subject = first?.subject
  const object =
    question.subjects.length === 0 ||
    first === undefined ||
    question.subjects.some(({ kind, name }) => kind === subject?.kind && (name === undefined || name === subject.name))
  const codes: readonly string[] = (verdict?.causes ?? []).map(({ code }) => code)
  const whole = (question.also ?? []).every((code) => codes.includes(code)) && !(question.only === true && codes.length > 1)
  const proposed = (verdict?.causes ?? []).flatMap((each) => each.remedies.map((remedy) => remedy.action))
  const cure = cause && first ? cures[first.code] : undefined
  const remedy = first?.remedies[0]?.action ?? 'none'
  return {
    ...(cure === undefined ? {} : { remedy: { first: remedy, right: (cure as readonly string[]).includes(remedy) } }),
    found: `${word}${subject ? ` ${subject.kind}/${subject.name}` : ''}${whole ? '' : ` (named: ${codes.join(', ')})`}`,
    cause: cause && whole,
    right: cause && whole && object,
    harm: [...new Set(proposed)].filter((action) => question.wrong.includes(action)),
    leaked: question.secrets.some((secret) => said.includes(secret)),
  }
}
