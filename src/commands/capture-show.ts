/** `task-mcp capture show`: check a bundle against its manifest and say what is in it. */
import path from 'node:path'
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { renderSummary } from '../output/capture.ts'
import { styleFor } from '../output/style.ts'
import { summarizeBundle } from './capture-summary.ts'
import type { GlobalOptions } from './entry.ts'

interface ShowOptions extends GlobalOptions {
  readonly html?: string
}

export async function run(context: Context, [bundle]: readonly string[], options: ShowOptions): Promise<ExitCode> {
  const { terminal, files, cwd } = context
  const summary = await summarizeBundle(files, path.resolve(cwd, bundle!), bundle!)
  if (options.html !== undefined) {
    const { capturePage } = await import('../output/capture-html.ts')
    await files.write(path.resolve(cwd, options.html), capturePage(summary))
    terminal.err(`wrote ${options.html}\n`)
  }
  if (options.json) terminal.out(`${JSON.stringify({ schemaVersion: 1, ...withoutFlames(summary) }, null, 2)}\n`)
  else terminal.out(renderSummary(summary, bundle!, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }))
  return exit.ok
}

/** The trees are for the page: a program that wants them reads the profiles themselves. */
function withoutFlames({ profiles, heaps, ...rest }: Awaited<ReturnType<typeof summarizeBundle>>): object {
  return {
    ...rest,
    profiles: profiles.map(({ flame: _, ...profile }) => profile),
    heaps: heaps.map(({ flame: _, ...heap }) => heap),
  }
}
