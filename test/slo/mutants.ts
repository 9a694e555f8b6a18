import type { AlertRule } from '../../src/slo/rules.ts'

/** An alert rule in which one number is wrong, under a name of its own. */
export interface Mutant {
  of: string
  what: string
  rule: AlertRule
}

const comparison = /(==|>=|<=|>|<) ((?:[\d.]+ \* )?)([\d.]+)?/g

/** Every threshold of a rule a tenth higher and a tenth lower, and its `for` half (in whole minutes) and twice as long. */
export function mutants(rule: AlertRule): Mutant[] {
  const exprs = [...rule.expr.matchAll(comparison)].flatMap((match) => {
    const [whole, operator, factor, threshold] = match
    // `(total > 0)` only keeps 0/0 silent, and NaN is silent by itself: no case can tell it from `>= 0`.
    if (operator === '>' && threshold === '0' && rule.expr[match.index + whole.length] === ')') return []
    return replacements(operator!, factor!, threshold).map((text) => ({
      what: `"${whole}" became "${text}"`,
      expr: rule.expr.slice(0, match.index) + text + rule.expr.slice(match.index + whole.length),
    }))
  })
  const waits = minutes(rule.for)
  return [
    ...exprs.map(({ what, expr }) => ({ what, rule: { ...rule, expr } })),
    ...[Math.floor(waits / 2), waits * 2].map((minutes) => ({ what: `for became ${minutes}m`, rule: { ...rule, for: `${minutes}m` } })),
  ].map(({ what, rule: wrong }, index) => ({ of: rule.alert, what, rule: { ...wrong, alert: `${rule.alert}Mutant${index}` } }))
}

function replacements(operator: string, factor: string, threshold: string | undefined): string[] {
  if (operator === '==') return [`!= ${threshold}`, `== ${Number(threshold) + 1}`]
  if (threshold === '0') return ['>= 0', '> 3']
  if (factor !== '') return [1.1, 0.9].map((times) => `${operator} ${scaled(factor.slice(0, -3), times)} * ${threshold ?? ''}`)
  return [1.1, 0.9].map((times) => `${operator} ${scaled(threshold!, times)}`)
}

function scaled(number: string, times: number): number {
  return Number((Number(number) * times).toPrecision(10))
}

function minutes(duration: string): number {
  const [, count, unit] = /^(\d+)([mh])$/.exec(duration)!
  return Number(count) * (unit === 'h' ? 60 : 1)
}
