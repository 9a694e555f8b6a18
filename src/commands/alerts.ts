/** `task-mcp alerts`: what fires now, worst first. */
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { discover } from '../facts/discover.ts'
import { renderAlerts } from '../output/slo-alerts.ts'
import { styleFor } from '../output/style.ts'
import type { Settings } from '../settings.ts'
import type { AlertSource } from '../targets/ports.ts'
import type { GlobalOptions } from './entry.ts'
import { explained, type LookOptions } from './look-only.ts'

interface AlertsOptions extends LookOptions {
  readonly all: boolean
}

export async function run(context: Context, _args: readonly string[], options: AlertsOptions): Promise<ExitCode> {
  if (await explained(context, options, byHand)) return exit.ok
  const source = await alertSource(context, options)
  const [alerts, silences] = await Promise.all([source.alerts(context.signal), source.silencer?.silences(context.signal) ?? []])
  const shown = options.all ? alerts : alerts.filter(({ state }) => state !== 'suppressed')
  const { terminal } = context
  terminal.out(
    options.json
      ? `${JSON.stringify({ schemaVersion: 1, where: source.where, alerts: shown, silences: silences.filter(({ state }) => state !== 'expired') }, null, 2)}\n`
      : renderAlerts(shown, silences, source.where, new Date(context.clock.now()).toISOString(), {
          columns: terminal.columns,
          style: styleFor(terminal),
          verbose: options.verbose,
        }),
  )
  const hidden = alerts.length - shown.length
  if (hidden > 0 && !options.json) terminal.err(`${hidden} silenced or held back: task-mcp alerts --all\n`)
  return shown.some(({ state }) => state !== 'suppressed') ? exit.findings : exit.ok
}

const byHand = ({ alertmanager }: Settings): string[] => [
  `curl -s '${alertmanager.url ?? 'http://ALERTMANAGER:9093'}/api/v2/alerts?active=true' | jq -r '.[] | [.labels.alertname, .status.state, .startsAt] | @tsv'`,
]

/** Alertmanager by the settings, or as found in the cluster. */
export async function alertSource(context: Context, options: GlobalOptions): Promise<AlertSource> {
  const { settings } = await loadSettings(options, context)
  const targets = context.targets(settings)
  return targets.alerts(await discover('alertmanager', settings.alertmanager, () => targets.cluster(), context.signal))
}
