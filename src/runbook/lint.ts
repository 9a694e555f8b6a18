/** Whether runbooks hold what they promise: every name in them exists, every line still parses, every alert leads back. Pure. */
import { harmfulLines } from './harmful.ts'
import { metricNames, ofMetric } from './promql.ts'
import type { Rules } from './rules.ts'
import { actionNames, type Fence, type Runbook, type Step } from './runbook.ts'

/** What the rest of the program has, for runbooks to be held against. */
export interface Shelf {
  checks: ReadonlySet<string>
  /** Check names that may be used although nothing fills them yet. */
  unfilledChecks: ReadonlySet<string>
  /** What is wrong with the words after `task-mcp`, or that the command is not there; undefined when they parse. */
  command(words: readonly string[]): { kind: 'wrong' | 'unknown'; says: string } | undefined
  /** Undefined where there is no rule file. */
  rules: Rules | undefined
  /** Names of metrics that a PromQL fence may use. */
  metrics: ReadonlySet<string>
}

export type LintRule = 'check' | 'action' | 'command' | 'alert' | 'backlink' | 'metric' | 'contact' | 'harmful' | 'rules'

export interface Complaint {
  rule: LintRule
  /** `unfilled`: named and known, but nothing in this version answers to it. */
  severity: 'error' | 'unfilled' | 'note'
  file: string
  line: number
  step?: string
  says: string
}

/** Everything wrong with some runbooks, by file and line. */
export function lint(books: readonly Runbook[], shelf: Shelf): Complaint[] {
  const people = new Set(books.flatMap((book) => book.people.map((contact) => contact.id)))
  const found = [
    ...books.flatMap((book) => [
      ...book.steps.flatMap((step) => stepComplaints(book, step, shelf)),
      ...fenceComplaints(book, undefined, book.fences, shelf),
      ...frontComplaints(book, shelf, people),
    ]),
    ...orphans(books, shelf),
  ]
  return found.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line))
}

function stepComplaints(book: Runbook, step: Step, shelf: Shelf): Complaint[] {
  const at = (rule: LintRule, severity: Complaint['severity'], says: string, line = step.line): Complaint => ({
    rule,
    severity,
    file: book.file,
    line,
    step: step.id,
    says,
  })
  const found: Complaint[] = []
  if (step.kind === 'check' && !shelf.checks.has(step.check)) {
    found.push(
      shelf.unfilledChecks.has(step.check)
        ? at('check', 'unfilled', `nothing fills the check "${step.check}" yet`)
        : at('check', 'error', `there is no check "${step.check}"`),
    )
  }
  if (step.kind === 'action' && !actionNames.some((name) => name === step.action))
    found.push(at('action', 'error', `there is no action "${step.action}"; there are ${actionNames.join(', ')}`))
  return [...found, ...fenceComplaints(book, step.id, step.fences, shelf)]
}

function fenceComplaints(book: Runbook, step: string | undefined, fences: readonly Fence[], shelf: Shelf): Complaint[] {
  const metrics = new Set([...shelf.metrics, ...(shelf.rules?.records ?? [])])
  return fences.flatMap((fence) =>
    fence.text.split('\n').flatMap((text, index): Complaint[] => {
      const place: Place = { file: book.file, line: fence.line + index, ...(step === undefined ? {} : { step }) }
      if (fence.language === 'promql') {
        const strange = metricNames(text).filter((name) => !ofMetric(name, metrics))
        return strange.map((name) => ({ ...place, rule: 'metric', severity: 'error', says: `no metric is called ${name}` }))
      }
      const harmful = harmfulLines
        .filter(({ line }) => line.test(text))
        .map(({ why }): Complaint => ({ ...place, rule: 'harmful', severity: 'error', says: why }))
      return [...harmful, ...commandComplaints(text, place, shelf)]
    }),
  )
}

type Place = Pick<Complaint, 'file' | 'line' | 'step'>

function commandComplaints(text: string, place: Place, shelf: Shelf): Complaint[] {
  const words = shellWords(text)
  if (words[0] !== 'task-mcp') return []
  const wrong = shelf.command(words.slice(1))
  return wrong
    ? [{ ...place, rule: 'command', severity: wrong.kind === 'unknown' ? 'unfilled' : 'error', says: `${words.join(' ')}: ${wrong.says}` }]
    : []
}

/** Words of a simple command line up to a pipe, a redirection, a comment or the next command; quotes are taken off. */
export function shellWords(line: string): string[] {
  const words: string[] = []
  for (const [word] of line.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\|&;<>#]|(?<=\S)#)+|[|&;<>#]/g)) {
    if (/^[|&;<>#]$/.test(word)) break
    words.push(word.replace(/^(["'])(.*)\1$/s, '$2'))
  }
  return words
}

function frontComplaints(book: Runbook, shelf: Shelf, people: ReadonlySet<string>): Complaint[] {
  const at = (rule: LintRule, says: string): Complaint => ({ rule, severity: 'error', file: book.file, line: 1, says })
  const named = [...book.contacts, ...book.levels.flatMap((level) => [...level.contacts, ...level.handsOverTo])]
  const strangers = people.size > 0 ? [...new Set(named)].filter((id) => !people.has(id)) : []
  const { rules } = shelf
  const alerts = rules
    ? book.alerts.flatMap((name): Complaint[] => {
        const rule = rules.alerts.find((alert) => alert.name === name)
        if (!rule) return [at('alert', `no shipped rule is called ${name}`)]
        return rule.runbook === book.name ? [] : [at('backlink', `the rule ${name} leads to ${rule.runbook ?? 'no runbook'}, not here`)]
      })
    : []
  return [...alerts, ...strangers.map((id) => at('contact', `nobody in these runbooks is called "${id}"`))]
}

/** Alerts that lead to a runbook which does not know them, or to none; and the lack of a rule file. */
function orphans(books: readonly Runbook[], shelf: Shelf): Complaint[] {
  const first = books[0]?.file ?? ''
  if (!shelf.rules)
    return [
      {
        rule: 'rules',
        severity: 'note',
        file: first.replace(/[^/]*$/, ''),
        line: 1,
        says: 'there is no rule file, so alert names were not checked',
      },
    ]
  return shelf.rules.alerts.flatMap(({ name, runbook }): Complaint[] => {
    const book = books.find((candidate) => candidate.name === runbook)
    if (book?.alerts.includes(name)) return []
    const says = book
      ? `the rule ${name} leads here, but "alerts" does not name it`
      : `the rule ${name} leads to ${runbook ? `${runbook}.md, which is not there` : 'no runbook'}`
    return [{ rule: 'backlink', severity: 'error', file: book?.file ?? first.replace(/[^/]*$/, ''), line: 1, says }]
  })
}
