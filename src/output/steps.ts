/** The runbook's steps in their phases, each with what it found. */
import type { StepResult } from '../diagnosis/verdict.ts'
import { columnsOf, counted, type Look } from './page.ts'
import { cut, pad, wrap } from './text.ts'

const phases = { immediate: 'Immediate (0-5 min)', troubleshooting: 'Troubleshooting (5-15 min)', recovery: 'Recovery (15+ min)' } as const
const words = { ok: 'ok', found: 'FOUND', unknown: '?', 'not-applicable': 'n/a', todo: 'to do' } as const
const wordWidth = 6

/** A step that found something may take three lines, the others one: why a step could not look is told under "Unseen". */
const mostLines = 3

function stepLines(step: StepResult, look: Look): string[] {
  const { style } = look
  const paint =
    step.status === 'found' ? style.red : step.status === 'ok' ? style.green : step.status === 'unknown' ? style.yellow : style.dim
  const text = step.found === '' ? step.title : `${step.title}: ${step.found}`
  const columns = columnsOf(look) - wordWidth - 2
  const whole = wrap(text, columns)
  const most = look.verbose ? whole.length : step.status === 'found' ? mostLines : 1
  const lines = whole.length <= most ? whole : [...whole.slice(0, most - 1), cut(`${whole.slice(most - 1).join(' ')}`, columns)]
  const word = words[step.status]
  return lines.map((line, index) => `  ${index === 0 ? paint(word) + pad('', wordWidth - word.length) : pad('', wordWidth)}${line}`)
}

/** The steps under a heading each phase; those that do not apply are only counted, unless verbose. */
export function stepsText(runbook: string, steps: readonly StepResult[], look: Look): string[] {
  const lines: string[] = []
  for (const phase of ['immediate', 'troubleshooting', 'recovery'] as const) {
    const shown = steps.filter((step) => step.phase === phase && (look.verbose || step.status !== 'not-applicable'))
    if (shown.length > 0) lines.push(`  ${look.style.bold(phases[phase])}`, ...shown.flatMap((step) => stepLines(step, look)))
  }
  const left = look.verbose ? 0 : steps.filter((step) => step.status === 'not-applicable').length
  if (left > 0) lines.push(look.style.dim(`  ${counted(left, 'step')} that ${left === 1 ? 'does' : 'do'} not apply left out`))
  return lines.length === 0 ? [] : [look.style.bold(`Runbook ${runbook}`), ...lines]
}
