/** `task-mcp help commands`: what people look up, with the line by hand and the line here. Made from runbooks/useful-commands.md. */
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { styleFor } from '../output/style.ts'
import { renderUseful } from '../output/useful.ts'
import { loadRunbooks, named } from '../runbook/directory.ts'
import { usefulCommands } from '../runbook/useful.ts'

export async function run({ terminal, files, root }: Context, json: boolean): Promise<ExitCode> {
  const useful = usefulCommands(named(await loadRunbooks(files, root, undefined), 'useful-commands'))
  terminal.out(
    json
      ? `${JSON.stringify(useful, null, 2)}\n`
      : renderUseful(useful, { columns: terminal.columns, style: styleFor(terminal), verbose: false }),
  )
  return exit.ok
}
