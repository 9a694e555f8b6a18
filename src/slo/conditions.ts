/** An alert's expression taken apart, so that each side can be asked for and shown against its threshold. */

export interface Condition {
  /** What is measured: PromQL. */
  measured: string
  /** undefined when the expression only has to have an answer, as `absent(x)` does. */
  operator?: '>' | '<' | '>=' | '<=' | '==' | '!='
  threshold?: string
  /** How it is joined to the one before. */
  joined?: 'and' | 'or'
}

const comparison = /^(>=|<=|==|!=|>|<)/

/** The conditions of an expression that are joined by `and` and `or` outside of all brackets, in their order. */
export function conditionsOf(expr: string): Condition[] {
  return split(bare(expr)).flatMap(({ text, joined }) => {
    const inner = bare(text)
    const nested = inner === expr.trim() ? [] : split(inner)
    if (nested.length > 1)
      return conditionsOf(inner).map((condition, index) => (index === 0 && joined ? { ...condition, joined } : condition))
    return [{ ...compared(inner), ...(joined ? { joined } : {}) }]
  })
}

function compared(text: string): Condition {
  let found: Condition = { measured: text }
  walk(text, (index, depth) => {
    const operator = depth === 0 ? comparison.exec(text.slice(index))?.[1] : undefined
    if (operator === undefined) return 0
    const threshold = text.slice(index + operator.length).trim()
    // The last one wins: `a / (b > 0) > 0.1` compares once, at the end.
    found = { measured: text.slice(0, index).trim(), operator: operator as NonNullable<Condition['operator']>, threshold }
    return operator.length - 1
  })
  return found
}

function split(text: string): { text: string; joined?: 'and' | 'or' }[] {
  const parts: { text: string; joined?: 'and' | 'or' }[] = []
  let start = 0
  let joined: 'and' | 'or' | undefined
  walk(text, (index, depth) => {
    const word = depth === 0 ? /^(and|or)(?=[\s(])/.exec(text.slice(index))?.[1] : undefined
    if (word === undefined || !/[\s)]/.test(text[index - 1] ?? '')) return 0
    parts.push({ text: text.slice(start, index).trim(), ...(joined ? { joined } : {}) })
    joined = word as 'and' | 'or'
    start = index + word.length
    return word.length - 1
  })
  parts.push({ text: text.slice(start).trim(), ...(joined ? { joined } : {}) })
  return parts
}

/** Without brackets that go around all of it. */
function bare(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('(')) return trimmed
  let closes = -1
  walk(trimmed, (index, depth) => {
    if (closes < 0 && depth === 1 && trimmed[index] === ')') closes = index
    return 0
  })
  return closes === trimmed.length - 1 ? bare(trimmed.slice(1, -1)) : trimmed
}

/** Visits every character outside of strings with the depth of brackets around it; the visitor says how many to skip. */
function walk(text: string, visit: (index: number, depth: number) => number): void {
  let depth = 0
  let quote: string | undefined
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    if (quote !== undefined) {
      if (character === '\\') index++
      else if (character === quote) quote = undefined
      continue
    }
    if (character === '"' || character === "'" || character === '`') {
      quote = character
      continue
    }
    if ('([{'.includes(character)) depth++
    index += visit(index, depth)
    if (')]}'.includes(character)) depth--
  }
}
