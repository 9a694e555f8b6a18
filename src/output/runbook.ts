/** Runbooks for a person at a terminal: the list, one of them, and what lint says. */
import type { Complaint } from '../runbook/lint.ts'
import type { Fence, Runbook, Step } from '../runbook/runbook.ts'
import { columnsOf, command, counted, type Look } from './page.ts'
import { clean, pad, wrap } from './text.ts'

/** A line for each runbook: its name and what it is for. */
export function renderRunbookList(books: readonly Runbook[], look: Look): string {
  const column = Math.max(...books.map((book) => book.name.length)) + 2
  const lines = books.flatMap((book) => {
    const [first = '', ...rest] = wrap(book.summary, columnsOf(look), pad(book.name, column), ' '.repeat(column))
    return [look.style.bold(book.name) + first.slice(book.name.length), ...rest]
  })
  return `${[...lines, '', ...wrap('task-mcp runbook show NAME prints one, with the lines to type by hand.', columnsOf(look))].join('\n')}\n`
}

const headings = {
  immediate: 'Immediate (0-5 min)',
  troubleshooting: 'Troubleshooting (5-15 min)',
  recovery: 'Recovery (15+ min)',
} as const

/** The whole runbook, by phase; code lines are never wrapped. */
export function renderRunbook(book: Runbook, look: Look): string {
  const { style } = look
  const facts = [
    ...(book.alerts.length > 0 ? [`Alerts: ${book.alerts.join(', ')}`] : []),
    ...(Object.keys(book.thresholds).length > 0
      ? [
          `Thresholds: ${Object.entries(book.thresholds)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')}`,
        ]
      : []),
    ...(book.contacts.length > 0 ? [`Call: ${book.contacts.join(', ')}`] : []),
  ]
  const lines = [
    style.bold(clean(book.title)),
    ...wrap(book.summary, columnsOf(look)),
    '',
    ...facts.flatMap((fact) => wrap(fact, columnsOf(look), '', '  ')),
  ]
  lines.push(...people(book, look), ...levels(book, look), '', ...markdown(book.intro, '', look))
  for (const phase of ['immediate', 'troubleshooting', 'recovery'] as const) {
    const steps = book.steps.filter((step) => step.phase === phase)
    if (steps.length > 0) lines.push('', style.bold(headings[phase]), ...steps.flatMap((step) => ['', ...stepLines(step, look)]))
  }
  return `${lines.join('\n')}\n`
}

const tag = (step: Step): string =>
  step.kind === 'check' ? `check ${step.check}` : step.kind === 'action' ? `action ${step.action}` : 'by hand'

function stepLines(step: Step, look: Look): string[] {
  const title = wrap(`${step.title}  [${tag(step)}]`, columnsOf(look), '* ', '  ').map(look.style.bold)
  const manual = step.kind === 'manual' ? wrap(`Look at: ${step.look}`, columnsOf(look), '  ') : []
  return [...title, ...manual, ...markdown(step.prose, '  ', look)]
}

function people(book: Runbook, look: Look): string[] {
  if (book.people.length === 0) return []
  const column = Math.max(...book.people.map((contact) => contact.id.length)) + 2
  return [
    '',
    look.style.bold('People'),
    ...book.people.map((contact) => `  ${pad(contact.id, column)}${clean(`${contact.name}, ${contact.reach}`)}`),
  ]
}

function levels(book: Runbook, look: Look): string[] {
  return book.levels.flatMap((level) => [
    '',
    look.style.bold(`Level ${level.level}: ${clean(level.role)}, answers within ${minutes(level.respondWithinSeconds)}`),
    ...wrap(`calls ${level.contacts.join(', ')}; does ${level.does.join('; ')}`, columnsOf(look), '  '),
    ...level.handsOverWhen.flatMap((trigger) =>
      wrap(
        `hands over when ${trigger.says}${trigger.afterSeconds > 0 ? ` for ${minutes(trigger.afterSeconds)}` : ''}`,
        columnsOf(look),
        '  ',
        '    ',
      ),
    ),
  ])
}

const minutes = (seconds: number): string => (seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`)

/** Paragraphs are joined and wrapped, quotes marked, fences kept as they are. */
function markdown(text: string, indent: string, look: Look): string[] {
  const lines: string[] = []
  let paragraph: string[] = []
  let fence = false
  const flush = () => {
    const joined = paragraph.join(' ')
    const quote = joined.startsWith('> ')
    const bare = joined
      .replace(/(^|\s)> /g, '$1')
      .replaceAll('**', '')
      .replaceAll('`', '')
    if (bare !== '')
      lines.push(...wrap(quote ? `Careful: ${bare}` : bare, columnsOf(look), indent).map(quote ? look.style.yellow : (line) => line))
    paragraph = []
  }
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) {
      flush()
      fence = !fence
    } else if (fence) lines.push(...command(look, `${indent}${line}`))
    else if (line.trim() === '') {
      flush()
      if (indent === '' && lines.at(-1) !== '') lines.push('')
    } else {
      if (line.startsWith('> ') !== (paragraph[0]?.startsWith('> ') ?? line.startsWith('> '))) flush()
      paragraph.push(line.trim())
    }
  }
  flush()
  return lines
}

/** What lint found, by file and line, and a last line that counts. */
export function renderLint(complaints: readonly Complaint[], books: number, look: Look): string {
  const { style } = look
  const paint = { error: style.red, unfilled: style.yellow, note: style.dim } as const
  const lines = complaints.flatMap((found) => {
    const where = `${found.file}:${found.line}`
    return [
      style.dim(where),
      ...wrap(
        `${found.severity} (${found.rule})${found.step ? ` step ${found.step}` : ''}: ${found.says}`,
        columnsOf(look),
        '  ',
        '    ',
      ).map((line, at) => (at === 0 ? paint[found.severity](line) : line)),
    ]
  })
  const count = (severity: Complaint['severity']): number => complaints.filter((found) => found.severity === severity).length
  const errors = count('error')
  const last = `${counted(books, 'runbook')}: ${counted(errors, 'error')}, ${count('unfilled')} unfilled`
  return `${[...lines, errors > 0 ? style.red(last) : style.green(last)].join('\n')}\n`
}

/** The fence with the names filled in: the first line that sets NAMESPACE gets the values of the settings. */
export function withNames(book: Runbook, names: Readonly<Record<string, string | number>>): Runbook {
  const fill = (text: string): string =>
    text.replace(/^NAMESPACE=.*$/m, (line) =>
      line.replace(/\b([A-Z]+)=(?=\s|$)/g, (whole, name: string) => (name in names ? `${name}=${names[name]}` : whole)),
    )
  return { ...book, intro: fill(book.intro), fences: book.fences.map((fence): Fence => ({ ...fence, text: fill(fence.text) })) }
}
