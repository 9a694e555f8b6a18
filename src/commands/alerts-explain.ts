/** `task-mcp alerts explain`: which rule it is, what it measures now, and since when it fires. */
import { resolve } from 'node:path'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, ExpectedError, exit, UsageError } from '../errors.ts'
import { discover } from '../facts/discover.ts'
import { nearest } from '../nearest.ts'
import { type Explained, renderExplained } from '../output/slo-alerts.ts'
import { styleFor } from '../output/style.ts'
import { conditionsOf } from '../slo/conditions.ts'
import type { AlertRule, RuleGroup } from '../slo/rules.ts'
import type { Alert } from '../targets/ports.ts'
import { alertSource } from './alerts.ts'
import type { GlobalOptions } from './entry.ts'

export async function run(context: Context, [name]: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const source = await alertSource(context, options)
  const [alerts, shipped] = await Promise.all([source.alerts(context.signal), shippedRules(context)])
  const firing = alerts.filter((alert) => alert.name === name)
  const mine = shipped.find(({ alert }) => alert === name)
  if (firing.length === 0 && !mine) {
    const meant = nearest(name!, [...alerts.map((alert) => alert.name), ...shipped.map(({ alert }) => alert)])
    throw new UsageError(
      `no alert called "${name}" fires, and no shipped rule is called so`,
      meant ? `did you mean ${meant}?` : 'task-mcp alerts lists what fires',
    )
  }
  const linked = firing.map(expressionOf).find((expr) => expr !== undefined)
  const expr = linked ?? mine?.expr
  const explained: Explained = {
    name: name!,
    rule:
      expr === undefined
        ? undefined
        : { expr, for: mine?.for, from: linked === undefined ? 'deploy/prometheus/rules.yaml' : 'the Prometheus that sent it' },
    conditions: expr === undefined ? [] : await weigh(context, options, expr),
    firing,
    runbook: firing[0]?.annotations.runbook_url ?? mine?.annotations.runbook_url,
    diagnose: firing[0]?.annotations.diagnose ?? mine?.annotations.diagnose,
  }
  const { terminal } = context
  terminal.out(
    options.json
      ? `${JSON.stringify({ schemaVersion: 1, ...explained }, null, 2)}\n`
      : renderExplained(explained, new Date(context.clock.now()).toISOString(), {
          columns: terminal.columns,
          style: styleFor(terminal),
          verbose: options.verbose,
        }),
  )
  return firing.length > 0 ? exit.findings : exit.ok
}

/** Each side of the expression asked for by itself, at one time. A Prometheus that cannot be asked leaves the values out. */
async function weigh(context: Context, options: GlobalOptions, expr: string): Promise<Explained['conditions']> {
  const conditions = conditionsOf(expr)
  try {
    const { settings } = await loadSettings(options, context)
    const targets = context.targets(settings)
    const metrics = await targets.metrics(await discover('prometheus', settings.prometheus, () => targets.cluster(), context.signal))
    const answers = await metrics.instant(
      Object.fromEntries(conditions.map(({ measured }, index) => [`c${index}`, measured])),
      context.clock.now() / 1000,
      context.signal,
    )
    return conditions.map((condition, index) => ({
      ...condition,
      now: answers[`c${index}`]!.series.flatMap(({ labels, points }) => (points[0] ? [{ labels, value: points[0][1] }] : [])),
    }))
  } catch (error) {
    if (!(error instanceof ExpectedError) || context.signal.aborted) throw error
    context.terminal.err(`the values now are not known: ${error.message}\n`)
    return conditions.map((condition) => ({ ...condition, now: undefined }))
  }
}

async function shippedRules(context: Context): Promise<AlertRule[]> {
  const { parse } = await import('yaml')
  const { groups } = parse(await context.files.read(resolve(context.root, 'deploy/prometheus/rules.yaml'))) as { groups: RuleGroup[] }
  return groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule))
}

/** The expression in the link that Prometheus sends along. */
function expressionOf({ generatorURL }: Alert): string | undefined {
  return generatorURL === undefined ? undefined : (URL.parse(generatorURL)?.searchParams.get('g0.expr') ?? undefined)
}
