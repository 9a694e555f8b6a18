/** The post-mortem as Markdown, and its action items for a spreadsheet or an issue tracker. */
import type { ActionItemNow, Postmortem } from '../incident/postmortem.ts'
import { parts } from '../incident/postmortem.ts'
import {
  actionsMarkdown,
  bullets,
  causesMarkdown,
  escaped,
  impactMarkdown,
  table,
  timelineMarkdown,
  timesMarkdown,
} from './incident-markdown.ts'
import { stamp } from './incident-time.ts'
import { clean } from './text.ts'

/** A document to go on writing in, ending with a newline. */
export function postmortemMarkdown(postmortem: Postmortem, timeZone: string): string {
  const { story, deadlines, questions } = postmortem
  const filled: Record<string, string[]> = {
    'Time line reconstruction': [...timesMarkdown(story, timeZone), '', ...timelineMarkdown(story, timeZone)],
    'Root cause analysis': causesMarkdown(story, timeZone),
    'Impact assessment': impactMarkdown(story),
    'Action items': itemsMarkdown(postmortem.items, story.id),
    'Technical details': actionsMarkdown(story, timeZone),
  }
  const body = parts.flatMap(({ name, hours, sections }) => [
    `## ${name}`,
    '',
    dueText(deadlines.find(({ part }) => part === name)!, hours, timeZone),
    '',
    ...sections.flatMap((section) => [`### ${section}`, '', ...withoutHeadings(filled[section] ?? asked(questions[section] ?? [])), '']),
  ])
  return `${[
    `# Post-mortem: ${escaped(story.title)}`,
    '',
    `${story.id}, ${story.severity}, ${story.status}. ${escaped(`${story.service.kind} ${story.service.namespace}/${story.service.workload}`)}. Times are in ${timeZone}.`,
    '',
    'This looks for what made it possible, not for somebody to blame: everybody did what seemed right with what they knew. It has roles in place of names.',
    '',
    escaped(story.summary),
    '',
    ...body,
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`
}

const dueText = ({ due, late }: Postmortem['deadlines'][number], hours: number, timeZone: string): string =>
  due === null
    ? `Due ${hours < 168 ? `${hours} h` : '1 week'} after it is over.`
    : `Due ${stamp(due, timeZone)}${late ? '; that is past' : ''}.`

const asked = (questions: readonly string[]): string[] => [
  ...bullets(questions.map((question) => `*${escaped(question)}*`)),
  '',
  '(to be written)',
]

/** Headings of a shared section go one level down. */
const withoutHeadings = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^### /, '#### '))

function itemsMarkdown(items: readonly ActionItemNow[], id: string): string[] {
  if (items.length === 0) return [`None yet: \`task-mcp incident postmortem ${id} --add "what is to be done" --owner NAME --due 7d\``]
  return table(
    ['What', 'Owner', 'Due', 'State', 'Task'],
    items.map(({ text, owner, due, state, late, task }) => [
      escaped(text),
      escaped(owner),
      due,
      `${state}${late ? ', late' : ''}`,
      task ?? '',
    ]),
  )
}

/** Comma-separated values after RFC 4180, with a heading. A cell that a spreadsheet would take for a formula is made text. */
export function itemsCsv({ items, story }: Postmortem): string {
  const rows = items.map(({ id, text, owner, due, state, task }) => [story.id, id, text, owner, due, state, task ?? ''])
  return [['incident', 'item', 'what', 'owner', 'due', 'state', 'task'], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(raw: string): string {
  const text = clean(raw)
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A text for each item, as one would paste it into an issue tracker, with a line of dashes between them. */
export function itemsIssues({ items, story }: Postmortem): string {
  return items
    .map(({ id, text, owner, due, state, task }) =>
      [
        `Title: ${clean(text)}`,
        `Labels: incident, ${story.id}`,
        `Assignee: ${clean(owner)}`,
        `Due: ${due}`,
        `State: ${state}`,
        '',
        `From incident ${story.id} (${story.severity}): ${clean(story.title)}.`,
        clean(story.summary),
        ...(task === null ? [] : [`Kept as task ${task}.`]),
        `Item ${id}`,
        '',
      ].join('\n'),
    )
    .join('---\n')
}
