/** A walk through a runbook as it goes: steps with their answers, and the whole of it for programs. */
import type { StepResult, VerdictWord } from '../diagnosis/verdict.ts'
import { columnsOf, type Look } from './page.ts'
import { clean, pad, wrap } from './text.ts'

const words = { ok: 'ok', found: 'FOUND', unknown: '?', 'not-applicable': 'n/a', todo: 'to do' } as const
const headings = {
  immediate: 'Immediate (0-5 min)',
  troubleshooting: 'Troubleshooting (5-15 min)',
  recovery: 'Recovery (15+ min)',
} as const

/** The heading of a phase, with the clock beside it. */
export function walkPhase(phase: StepResult['phase'], clock: string, { style }: Look): string {
  return `\n${style.bold(headings[phase])}  ${style.dim(clock)}\n`
}

/** What the look found, as the walk begins and after each change. */
export function walkVerdict(verdict: VerdictWord, headline: string, look: Look): string {
  const { style } = look
  const paint = { healthy: style.green, degraded: style.yellow, faulty: style.red, inconclusive: style.yellow }[verdict]
  return `${wrap(`${verdict.toUpperCase()}: ${headline}`, columnsOf(look)).map(paint).join('\n')}\n`
}

/** One step and its answer; `before` says what was answered in an earlier part of the walk. */
export function walkStep(
  result: StepResult,
  before: { choice: string; at: string; note?: string | undefined } | undefined,
  look: Look,
): string {
  const { style } = look
  const paint =
    result.status === 'found' ? style.red : result.status === 'ok' ? style.green : result.status === 'unknown' ? style.yellow : style.dim
  const word = words[result.status]
  const said = before === undefined ? '' : ` (${before.choice} at ${before.at.slice(11, 16)} UTC${before.note ? `: ${before.note}` : ''})`
  const text = `${result.title}${result.found === '' ? '' : `: ${result.found}`}${said}`
  const lines = wrap(text, columnsOf(look), `  ${pad(word, 6)}`, ' '.repeat(8))
  return `${lines.map((line, at) => (before !== undefined ? style.dim(line) : at === 0 ? `  ${paint(pad(word, 6))}${line.slice(8)}` : line)).join('\n')}\n`
}

/** The lines to type by hand for a step. */
export function walkByHand(fences: readonly { text: string }[], { style }: Look): string {
  return fences.flatMap((fence) => fence.text.split('\n').map((line) => `        ${style.cyan(clean(line))}\n`)).join('')
}

/** How a walk ended, and each step with its answer: what `runbook run --json` prints. Its schema is schemas/walk.schema.json. */
export interface WalkReport {
  schemaVersion: 1
  walk: string
  runbook: string
  outcome: 'finished' | 'stopped'
  verdict: VerdictWord
  headline: string
  startedAt: string
  endedAt: string
  steps: {
    id: string
    phase: string
    kind: string
    status: string
    found: string
    choice: string
    at: string
    by: string
    note?: string
    change?: string
    ok?: boolean
  }[]
  notes: { step: string; note: string; at: string; by: string }[]
}

/** The last lines of a walk. */
export function walkEnd(report: WalkReport, look: Look): string {
  const count = (choice: string): number => report.steps.filter((step) => step.choice === choice).length
  const todo = report.steps.filter((step) => step.kind === 'manual' && step.choice === 'skip')
  const lines = [
    `${report.verdict.toUpperCase()}: ${report.headline}`,
    `walk ${report.walk} ${report.outcome}: ${count('seen')} looked at, ${count('run')} done, ${count('done')} by hand, ${count('skip')} left out`,
    ...(todo.length > 0 ? [`left for a person: ${todo.map((step) => step.id).join(', ')}`] : []),
    ...(report.outcome === 'stopped' ? [`to go on: task-mcp runbook run ${report.runbook} --resume`] : []),
  ]
  return `\n${lines.flatMap((line) => wrap(line, columnsOf(look))).join('\n')}\n`
}
