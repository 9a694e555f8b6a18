/** The report of an incident for a terminal: the short of it. */
import type { Story } from '../incident/story.ts'
import { momentLines } from './incident.ts'
import { clockTime } from './incident-time.ts'
import { actionText, causeTitle, impactLines } from './incident-words.ts'
import { columnsOf, type Look, labelled, listed } from './page.ts'
import { wrap } from './text.ts'

/** Ends with a newline. */
export function renderReport(story: Story, look: Look, timeZone: string): string {
  const { style } = look
  const done = [
    ...story.actions.map((action) => `${clockTime(action.at, timeZone)} ${action.by}: ${actionText(action)}`),
    ...story.triedInVain.map(({ at, by, text }) => `${clockTime(at, timeZone)} ${by}: did not help: ${text}`),
  ]
  const causes = story.causes.slice(0, look.verbose ? 5 : 2)
  return `${[
    `${style.bold(story.id)}  ${story.severity}  ${story.status}`,
    ...wrap(story.summary, columnsOf(look)).map(style.bold),
    '',
    ...momentLines(story.moments, look, timeZone),
    '',
    ...listed(look, 'Impact', [...impactLines(story.impact), ...story.impact.notSeen.map((text) => `not seen: ${text}`)]),
    ...causes.flatMap((cause) => [
      '',
      ...labelled(look, 'Cause', causeTitle(cause)),
      ...labelled(look, '', cause.summary),
      ...listed(look, 'Proof', cause.evidence.map(({ asked, observed }) => `${asked}: ${observed}`).slice(0, look.verbose ? 5 : 2)),
    ]),
    '',
    ...listed(look, 'Done', done.length > 0 ? done : ['nothing was changed from here']),
    '',
    ...wrap(`The whole of it: --markdown, or --html FILE. Afterwards: task-mcp incident postmortem ${story.id}`, columnsOf(look)).map(
      style.dim,
    ),
  ].join('\n')}\n`
}
