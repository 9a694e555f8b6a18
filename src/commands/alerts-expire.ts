/** `task-mcp alerts expire`: shows what a silence holds, asks, and ends it. */
import type { Context } from '../context.ts'
import { AbsentError, type ExitCode, exit } from '../errors.ts'
import { renderSilences } from '../output/slo-silences.ts'
import { styleFor } from '../output/style.ts'
import { alertSource } from './alerts.ts'
import { silencerOf } from './alerts-silences.ts'
import type { GlobalOptions } from './entry.ts'

interface ExpireOptions extends GlobalOptions {
  readonly dryRun: boolean
  readonly yes: boolean
}

export async function run(context: Context, ids: readonly string[], options: ExpireOptions): Promise<ExitCode> {
  const source = await alertSource(context, options)
  const silencer = silencerOf(source)
  const [alerts, all] = await Promise.all([source.alerts(context.signal), silencer.silences(context.signal)])
  const named = ids.map((id) => {
    const found = all.find((silence) => silence.id === id) ?? onlyOne(all.filter((silence) => silence.id.startsWith(id)))
    if (!found) throw new AbsentError(`${source.where} has no silence ${id}`, 'task-mcp alerts silences lists them')
    return { ...found, holds: alerts.filter(({ silencedBy }) => silencedBy?.includes(found.id)) }
  })
  const live = named.filter(({ state }) => state !== 'expired')
  const { terminal } = context
  const say = (expired: readonly string[]) =>
    terminal.out(
      options.json
        ? `${JSON.stringify({ schemaVersion: 1, where: source.where, expired, before: named.map(({ id, state }) => ({ id, state })) }, null, 2)}\n`
        : expired.length > 0
          ? expired.map((id) => `ended ${id}\n`).join('')
          : live.length === 0
            ? 'nothing to end: they had ended before\n'
            : 'nothing was ended: a dry run\n',
    )
  if (live.length > 0)
    terminal.err(
      renderSilences(live, source.where, new Date(context.clock.now()).toISOString(), {
        columns: terminal.columns,
        style: styleFor(terminal),
        verbose: options.verbose,
      }),
    )
  if (options.dryRun || live.length === 0) {
    say([])
    return exit.ok
  }
  if (!options.yes && !(terminal.inIsTTY && (await terminal.confirm(`End ${live.length === 1 ? 'it' : 'them'} on ${source.where}?`)))) {
    if (!terminal.inIsTTY) terminal.err('nobody is here to ask: say --yes, or --dry-run to only look\n')
    return exit.declined
  }
  for (const { id } of live) await silencer.expire(id, context.signal)
  say(live.map(({ id }) => id))
  return exit.ok
}

const onlyOne = <T>(some: readonly T[]): T | undefined => (some.length === 1 ? some[0] : undefined)
