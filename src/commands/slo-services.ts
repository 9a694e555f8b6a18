/** Whose budgets are kept: the service of the settings, or each of `services`, with its series and its promises. */
import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { podMatchers } from '../facts/queries.ts'
import { nearest } from '../nearest.ts'
import type { BudgetedService, Settings } from '../settings.ts'
import { burnPairs, burnThreshold } from '../slo/burn-alerts.ts'
import { checkObjective, type Objective, type SeriesScope, taskMcpObjectives } from '../slo/objectives.ts'

export interface Promises {
  scope: SeriesScope
  objectives: Objective[]
}

/**
 * The promises of every service that the settings name. `file` (`--slos`) replaces those of the one service. Throws a
 * UsageError for a file that cannot be read, for an SLO or target that is none, and for a burn alert that could never fire.
 */
export async function promisesOf(context: Context, settings: Settings, file: string | undefined): Promise<Promises[]> {
  const services = settings.services ?? []
  if (services.length === 0) {
    const scope = scopeOf({ name: settings.service.workload }, settings)
    return [{ scope, objectives: await written(context, file, scope) }]
  }
  if (file !== undefined)
    throw new UsageError('--slos is about one service, and the settings have several', 'give each its own: services, slos in task-mcp.yaml')
  const twice = services.find(({ name }, index) => services.findIndex((one) => one.name === name) < index)
  if (twice) throw new UsageError(`two services are called "${twice.name}"`, 'give each of `services` a name of its own')
  return Promise.all(
    services.map(async (service) => {
      const scope = scopeOf(service, settings)
      const objectives = aimed(await written(context, service.slos, scope), service)
      return { scope, objectives: objectives.map((one) => ({ ...one, service: service.name, id: `${service.name}/${one.name}` })) }
    }),
  )
}

function scopeOf(given: BudgetedService, { service }: Settings): SeriesScope {
  const { metrics } = service
  const said = <K extends 'duration' | 'exclude'>(key: K, usual: string | undefined) => (key in given ? given[key] : usual)
  return {
    service: given.name,
    selector:
      given.selector ??
      podMatchers({ ...service, namespace: given.namespace ?? service.namespace, workload: given.workload ?? given.name }),
    exclude: said('exclude', metrics.exclude) ?? '',
    metrics: {
      requests: given.requests ?? metrics.requests,
      statusLabel: given.statusLabel ?? metrics.statusLabel,
      routeLabel: given.routeLabel ?? metrics.routeLabel,
      duration: said('duration', metrics.duration),
    },
  }
}

async function written(context: Context, file: string | undefined, scope: SeriesScope): Promise<Objective[]> {
  if (file === undefined) return taskMcpObjectives(scope)
  const { readObjectives } = await import('../slo/objectives-file.ts')
  let text: string
  try {
    text = await context.files.read(resolve(context.cwd, file))
  } catch (error) {
    throw new UsageError(`${file} cannot be read`, 'correct the path of the SLOs', { cause: error })
  }
  return readObjectives(text, file, scope.service)
}

/** With the targets of the settings; each must leave every burn alert able to fire. */
function aimed(objectives: readonly Objective[], { name, targets = {} }: BudgetedService): Objective[] {
  const names = objectives.map((one) => one.name)
  for (const slo of Object.keys(targets)) {
    if (names.includes(slo)) continue
    const meant = nearest(slo, names)
    throw new UsageError(
      `service "${name}" has a target for "${slo}", which is none of its SLOs`,
      `${meant ? `did you mean ${meant}?  ` : ''}it has ${names.join(', ')}`,
    )
  }
  return objectives.map((objective) => {
    const text = targets[objective.name]
    const target = text === undefined ? objective.target : readTarget(text)
    const one = { ...objective, target }
    checkObjective(one)
    for (const { factor } of burnPairs) burnThreshold(one, factor)
    return one
  })
}

/** `99.9%` or `0.999`; NaN for anything else, which is then refused as no target. */
function readTarget(text: string): number {
  const trimmed = text.trim()
  return trimmed.endsWith('%') ? Number((Number(trimmed.slice(0, -1)) / 100).toPrecision(12)) : Number(trimmed || Number.NaN)
}
