/** `task-mcp alerts silence`: shows what it would hold, asks, and writes. */
import type { Context } from '../context.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { matcherText } from '../facts/matcher-text.ts'
import { renderPreview } from '../output/slo-alerts.ts'
import { styleFor } from '../output/style.ts'
import { parseMatcher, refuseMatchAll } from '../slo/matchers.ts'
import { alertSource } from './alerts.ts'
import type { GlobalOptions } from './entry.ts'

interface SilenceOptions extends GlobalOptions {
  readonly for?: number
  readonly comment?: string
  readonly author?: string
  readonly dryRun: boolean
  readonly yes: boolean
}

/** Longer than a week is not a silence but a rule to be changed. */
const longest = 7 * 86_400

export async function run(context: Context, args: readonly string[], options: SilenceOptions): Promise<ExitCode> {
  const matchers = args.map(parseMatcher)
  refuseMatchAll(matchers)
  const author = options.author ?? context.env.USER
  if (options.for === undefined) throw new UsageError('a silence needs an end', 'say how long: --for 2h')
  if (!(options.for > 0 && options.for <= longest))
    throw new UsageError('a silence lasts a week at most', 'what should never fire again is a rule to change, or a route')
  if (!options.comment?.trim()) throw new UsageError('a silence needs a reason', 'say why: --comment "moving the database, CHG-12"')
  if (!author) throw new UsageError('a silence needs an author', 'say who: --author NAME')
  const source = await alertSource(context, options)
  if (!source.silencer) throw new UsageError(`${source.where} can only be read`, 'give --alertmanager URL')
  const holds = await source.silencer.matching(matchers, context.signal)
  const now = context.clock.now()
  const endsAt = new Date(now + options.for * 1000).toISOString()
  const silence = { matchers, startsAt: new Date(now).toISOString(), endsAt, createdBy: author, comment: options.comment.trim() }
  const { terminal } = context
  terminal.err(
    renderPreview(matchers.map(matcherText).join(' '), holds, endsAt, author, silence.comment, {
      columns: terminal.columns,
      style: styleFor(terminal),
      verbose: options.verbose,
    }),
  )
  const say = (id: string | null) =>
    terminal.out(
      options.json
        ? `${JSON.stringify({ schemaVersion: 1, id, ...silence, holds: holds.map(({ name, labels }) => ({ name, labels })) }, null, 2)}\n`
        : id === null
          ? 'nothing was silenced: a dry run\n'
          : `silenced as ${id}\n`,
    )
  if (options.dryRun) {
    say(null)
    return exit.ok
  }
  if (!options.yes && !(terminal.inIsTTY && (await terminal.confirm(`Silence them on ${source.where}?`)))) {
    if (!terminal.inIsTTY) terminal.err('nobody is here to ask: say --yes, or --dry-run to only look\n')
    return exit.declined
  }
  say(await source.silencer.silence(silence, context.signal))
  return exit.ok
}
