/** What every command that only looks begins and ends with: settings, a deadline, `--explain`, JSON or text. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { type ExitCode, exit } from '../errors.ts'
import type { Look } from '../output/page.ts'
import { styleFor } from '../output/style.ts'
import { clean } from '../output/text.ts'
import type { Settings } from '../settings.ts'
import type { Cluster } from '../targets/ports.ts'
import type { GlobalOptions } from './entry.ts'

export interface LookOptions extends GlobalOptions {
  readonly explain: boolean
}

/** What a gathering is given. `signal` is the deadline and Ctrl-C, `interrupted` Ctrl-C alone. */
export interface Looking {
  context: Context
  settings: Settings
  cluster: Cluster
  signal: AbortSignal
  interrupted: AbortSignal
}

/** Prints what does the same by hand, where that was asked for, and says whether it was. */
export async function explained(
  context: Context,
  options: GlobalOptions & { readonly explain?: boolean },
  lines: (settings: Settings) => readonly string[],
): Promise<boolean> {
  if (!options.explain) return false
  const { settings } = await loadSettings(options, context)
  context.terminal.out(`${lines(settings).map(clean).join('\n')}\n`)
  return true
}

/** A command's three functions; `explain` gives lines to type. */
export interface LookOnly<Report> {
  explain(settings: Settings): readonly string[]
  gather(looking: Looking): Promise<Report>
  render(report: Report, look: Look): string
  /** Not said: 0. */
  code?(report: Report): ExitCode
}

/** The rest of the time is for judging and showing. */
const shareForReading = 0.9

export async function lookOnly<Report>(
  context: Context,
  options: LookOptions,
  { explain, gather, render, code }: LookOnly<Report>,
): Promise<ExitCode> {
  if (await explained(context, options, explain)) return exit.ok
  const { settings } = await loadSettings(options, context)
  const { terminal } = context
  const signal = AbortSignal.any([context.signal, deadlineIn(settings.timeoutSeconds * shareForReading)])
  const cluster = await context.targets(settings).cluster()
  const report = await gather({ context: { ...context, signal }, settings, cluster, signal, interrupted: context.signal })
  const look = lookOf(context, options)
  terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : render(report, look))
  return code?.(report) ?? exit.ok
}

/** How text is laid out for this terminal. */
export const lookOf = ({ terminal }: Pick<Context, 'terminal'>, options: { readonly verbose?: boolean } = {}): Look => ({
  columns: terminal.columns,
  style: styleFor(terminal),
  verbose: options.verbose ?? false,
})

/** Where in kubectl's words: `-n shop`, with the context when one was chosen. */
export const where = ({ service, cluster }: Settings): string =>
  `${cluster.context === undefined ? '' : `--context ${quoted(cluster.context)} `}-n ${quoted(service.namespace)}`

export const quoted = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The workload in kubectl's words: `deployment/web`. */
export const workloadWords = ({ service }: Settings): string => `${service.kind.toLowerCase()}/${quoted(service.workload)}`

/** The line that puts the workload's pod labels into $SELECTOR. */
export const selectorLine = (settings: Settings): string =>
  settings.service.selector
    ? `SELECTOR=${quoted(
        Object.entries(settings.service.selector)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      )}`
    : `SELECTOR=$(kubectl get ${where(settings)} ${workloadWords(settings)} -o go-template='{{range $k, $v := .spec.selector.matchLabels}}{{$k}}={{$v}},{{end}}' | sed 's/,$//')`
