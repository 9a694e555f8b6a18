/** Matchers of a silence, as a person types them. */
import { UsageError } from '../errors.ts'
import type { Matcher } from '../targets/ports.ts'

/** Takes `name=value`, `name!=value`, `name=~expression`, `name!~expression`, with quotes or without. A bare word is an alert's name. */
export function parseMatcher(text: string): Matcher {
  if (/^[A-Za-z]\w*$/.test(text)) return { name: 'alertname', value: text, isRegex: false, isEqual: true }
  const [, name, operator, value] = /^([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(.*)$/s.exec(text.trim()) ?? []
  if (name === undefined || operator === undefined || value === undefined)
    throw new UsageError(
      `"${text}" is not a matcher`,
      'write an alert name, or label=value, label!=value, label=~expression, label!~expression',
    )
  const isRegex = operator.endsWith('~')
  const bare = /^"(.*)"$/s.exec(value)?.[1] ?? value
  if (isRegex) {
    try {
      new RegExp(`^(?:${bare})$`)
    } catch {
      throw new UsageError(`"${bare}" is not a regular expression`, 'correct it, or match the value itself with =')
    }
  }
  return { name, value: bare, isRegex, isEqual: !operator.startsWith('!') }
}

/** Throws a UsageError unless at least one matcher narrows: one that only says what must not be, or that no label or any value meets, does not. */
export function refuseMatchAll(matchers: readonly Matcher[]): void {
  if (matchers.some(({ value, isRegex, isEqual }) => isEqual && value !== '' && !(isRegex && wide(value)))) return
  throw new UsageError(
    'these matchers would silence every alert there is',
    'name the alert, or a label with its value: alertname=TaskMCPHighMemoryUsage',
  )
}

/** An expression that a missing label meets, or any text at all: `.*`, `.+`, `[^ ]+` and their kin. */
function wide(value: string): boolean {
  const expression = new RegExp(`^(?:${value})$`)
  return expression.test('') || ['a', 'Z9', 'some-thing_else', '10.0.0.1:3000', 'http://x/y?z', '~'].every((one) => expression.test(one))
}
