/** A plan and what became of it, as text for people. */
import type { ObjectDiff, Receipt } from '../actions/door.ts'
import type { Gate, Plan } from '../actions/plan.ts'
import type { Style } from './style.ts'
import { clean, wrap } from './text.ts'

export interface PlanPage {
  columns: number
  style: Style
}

const marks: Readonly<Record<Gate['state'], string>> = { ok: 'ok', failed: 'NO', unknown: '??' }

/** What will be done, to what, why, and what it costs. Ends with a newline. */
export function renderPlan(plan: Plan, diff: readonly ObjectDiff[], { columns, style }: PlanPage): string {
  const width = Math.min(columns, 100)
  const line = (label: string, text: string) => (text === '' ? [] : wrap(text, width, `  ${label.padEnd(9)} `, ' '.repeat(12)))
  const lines = [
    style.bold(clean(plan.summary)),
    ...line('where', `namespace ${plan.target.namespace} on ${plan.cluster.context} (${plan.cluster.server})`),
    ...line('from', plan.from),
    ...line('to', plan.to),
    ...line('why', plan.why),
    ...line('users', plan.notice),
    ...line('takes', plan.takes),
    ...line('undo', plan.undo),
    ...plan.warnings.flatMap((text) => line('careful', text)),
    ...plan.objections.flatMap((objection) => line('against', `${objection.why} (${objection.code})`)),
    ...plan.gates.flatMap((gate) =>
      wrap(`${gate.name}: ${gate.said}`, width, `  ${(marks[gate.state] === 'NO' ? style.red : style.dim)(marks[gate.state])}  `, '      '),
    ),
    ...diff.flatMap((object) => renderDiff(object, style, width)),
  ]
  return `${lines.join('\n')}\n`
}

function renderDiff({ object, fields }: ObjectDiff, style: Style, width: number): string[] {
  const most = 30
  const shown = fields
    .slice(0, most)
    .flatMap(({ field, from, to }) => [
      ...wrap(field, width, '    '),
      ...(from === undefined ? [] : [style.red(`      - ${clean(from)}`)]),
      ...(to === undefined ? [] : [style.green(`      + ${clean(to)}`)]),
    ])
  return [
    `  ${object}, as the API server would have it:`,
    ...shown,
    ...(fields.length > most ? [`    and ${fields.length - most} more fields`] : []),
  ]
}

/** The outcome in a few lines. Ends with a newline. */
export function renderReceipt(receipt: Receipt, { columns, style }: PlanPage): string {
  const good = receipt.exitCode === 0
  const lines = wrap(receipt.said, Math.min(columns, 100)).map((text) => (good ? style.green(text) : style.red(text)))
  if (receipt.verified?.ok && receipt.verified.seconds > 0) lines.push(`  held after ${Math.round(receipt.verified.seconds)} s`)
  if (receipt.next !== undefined) lines.push(`  ${receipt.next}`)
  if (receipt.undo !== undefined) lines.push(`  to take it back: ${receipt.undo}`)
  return `${lines.join('\n')}\n`
}
