/** The report of an incident as Markdown, for a wiki or a repository. */
import { span } from '../duration.ts'
import type { Story, StoryCause } from '../incident/story.ts'
import { dayOf, stamp } from './incident-time.ts'
import { actionText, causeTitle, impactLines, momentRows } from './incident-words.ts'
import { clean } from './text.ts'

/** Text from a cluster or a person, so that it stays text: no markup, no HTML, one line. */
export const escaped = (text: string): string => clean(text).replace(/[\\`*_{}[\]<>|#~]/g, (character) => `\\${character}`)

const code = (text: string): string => {
  const inside = clean(text)
  const fence = inside.includes('`') ? '``' : '`'
  return fence === '`' ? `\`${inside}\`` : `\`\` ${inside} \`\``
}

/** A whole document, ending with a newline. */
export function reportMarkdown(story: Story, timeZone: string): string {
  return `${[
    `# ${escaped(story.title)}`,
    '',
    `${story.id}, ${story.severity}, ${story.status}. ${escaped(`${story.service.kind} ${story.service.namespace}/${story.service.workload}`)}${story.service.context ? ` on ${escaped(story.service.context)}` : ''}. Times are in ${timeZone}.`,
    '',
    escaped(story.summary),
    '',
    ...bodyMarkdown(story, timeZone),
  ].join('\n')}\n`
}

/** The sections that report and post-mortem share. */
export function bodyMarkdown(story: Story, timeZone: string): string[] {
  return [
    ...section('Times', timesMarkdown(story, timeZone)),
    ...section('Impact', impactMarkdown(story)),
    ...section('Causes', causesMarkdown(story, timeZone)),
    ...section('What was done', actionsMarkdown(story, timeZone)),
    ...section('Time line', timelineMarkdown(story, timeZone)),
  ]
}

export const section = (title: string, lines: readonly string[]): string[] => [`## ${title}`, '', ...lines, '']

export const bullets = (texts: readonly string[]): string[] => texts.map((text) => `- ${text}`)

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
]

export function timesMarkdown(story: Story, timeZone: string): string[] {
  const rows = momentRows(story).map(({ name, at, after, how }) => [name, at === undefined ? '' : stamp(at, timeZone), after, escaped(how)])
  return table(['', 'Time', 'After', 'Known from'], rows)
}

export function impactMarkdown({ impact }: Story): string[] {
  const lines = impactLines(impact).map(escaped)
  const unseen = impact.notSeen.map((text) => `Not seen: ${escaped(text)}.`)
  return [...bullets(lines), ...bullets(unseen), ...(lines.length + unseen.length === 0 ? ['Nothing was measured.'] : [])]
}

export function causesMarkdown({ causes }: Story, timeZone: string): string[] {
  if (causes.length === 0) return ['No diagnosis named a cause.']
  return causes.slice(0, 5).flatMap((cause) => causeMarkdown(cause, timeZone))
}

function causeMarkdown(cause: StoryCause, timeZone: string): string[] {
  const begun = cause.since === undefined ? '' : `Since ${stamp(cause.since, timeZone)}. `
  return [
    `### ${escaped(causeTitle(cause))}`,
    '',
    escaped(cause.summary),
    '',
    `${begun}Named by ${cause.times} ${cause.times === 1 ? 'diagnosis' : 'diagnoses'}, from ${stamp(cause.firstSeen, timeZone)} to ${stamp(cause.lastSeen, timeZone)}; confidence ${Math.round(cause.confidence * 100)}%.`,
    '',
    ...bullets(
      cause.evidence.map(
        ({ source, asked, observed, expected }) =>
          `${escaped(asked)}: ${escaped(observed)}${expected === undefined ? '' : `; expected ${escaped(expected)}`} (${escaped(source)})`,
      ),
    ),
    '',
  ]
}

export function actionsMarkdown({ actions, triedInVain, calls }: Story, timeZone: string): string[] {
  const lines = [
    ...actions.map((action) => `${stamp(action.at, timeZone)} ${escaped(action.by)}: ${escaped(actionText(action))}. ${code(action.line)}`),
    ...triedInVain.map(({ at, by, text }) => `${stamp(at, timeZone)} ${escaped(by)}: did not help: ${escaped(text)}`),
    ...calls.map(
      ({ at, level, contact, answeredAfterSeconds }) =>
        `${stamp(at, timeZone)} level ${level} called, ${escaped(contact)}: ${answeredAfterSeconds === null ? 'no answer' : `answered after ${span(answeredAfterSeconds)}`}`,
    ),
  ]
  return lines.length === 0 ? ['Nothing was changed from here, and nobody was called.'] : bullets(lines)
}

export function timelineMarkdown({ timeline, damage }: Story, timeZone: string): string[] {
  let day = ''
  const lines = timeline.flatMap((row) => {
    const heading = dayOf(row.at, timeZone)
    const head = heading === day ? [] : ['', `**${heading}**`, '']
    day = heading
    const text = row.what === 'command' || row.what === 'change' ? code(row.text) : escaped(row.text)
    return [
      ...head,
      `- ${stamp(row.at, timeZone).slice(11)} ${row.by === '' ? '' : `${escaped(row.by)}: `}${text}${row.result === undefined ? '' : `: ${escaped(row.result)}`}`,
    ]
  })
  const lost =
    damage === 0
      ? []
      : ['', `${damage} ${damage === 1 ? 'part' : 'parts'} of the record could not be read; what they held is missing here.`]
  return [...lines.slice(lines[0] === '' ? 1 : 0), ...lost]
}
