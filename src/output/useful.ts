/** The list of useful commands for a person. */
import type { Useful } from '../runbook/useful.ts'
import { columnsOf, command, type Look } from './page.ts'
import { wrap } from './text.ts'

/** Each with the line here first, because it is shorter, and the lines by hand below; ends with a newline. */
export function renderUseful(useful: readonly Useful[], look: Look): string {
  const entries = useful.flatMap(({ title, byHand, here }) => [
    look.style.bold(title),
    ...here.flatMap((line) => command(look, line)),
    ...byHand.map((line) => `    ${look.style.dim(line)}`),
    '',
  ])
  const last = 'Indented lines are by hand; their names are set as `task-mcp runbook show useful-commands` begins.'
  return `${[...entries, ...wrap(last, columnsOf(look))].join('\n')}\n`
}
