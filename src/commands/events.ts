/** `task-mcp events`: what Kubernetes says about the workload, put together, newest first. */
import type { Context } from '../context.ts'
import { type EventGroup, eventGroups } from '../diagnosis/event-groups.ts'
import { millis } from '../diagnosis/time.ts'
import { eventTime } from '../diagnosis/view.ts'
import { parseDuration } from '../duration.ts'
import { type ExitCode, UsageError } from '../errors.ts'
import { redact } from '../facts/redact.ts'
import { renderEvents } from '../output/events.ts'
import { type LookOptions, lookOnly, where } from './look-only.ts'

interface EventsOptions extends LookOptions {
  readonly all: boolean
  readonly warnings: boolean
  readonly since?: string
}

/** What `task-mcp events --json` prints. */
export interface EventsReport {
  schemaVersion: 1
  command: 'events'
  at: string
  namespace: string
  /** What the events are about: the workload, or everything. */
  about: string
  seen: number
  groups: EventGroup[]
  truncated: boolean
}

const most = 5000

export function run(context: Context, _args: readonly string[], options: EventsOptions): Promise<ExitCode> {
  return lookOnly<EventsReport>(context, options, {
    explain: (settings) => [
      `kubectl get events ${where(settings)} --sort-by=.metadata.creationTimestamp${options.warnings ? ' --field-selector type=Warning' : ''}${options.all ? '' : ` | grep ${settings.service.workload}`}`,
    ],
    async gather({ context: { clock }, settings, cluster, signal }) {
      const { namespace, workload, service } = settings.service
      const now = clock.now()
      const from = options.since === undefined ? 0 : now - secondsOf(options.since) * 1000
      const { items, truncated } = await cluster.list('events', { namespace, limit: most }, signal)
      const ours = (name: string) =>
        name === workload || name === service || name.startsWith(`${workload}-`) || name.startsWith(`${workload}.`)
      // Names of pods may look like tokens, and are none.
      const known = new Set(items.flatMap((event) => [event.involvedObject.name ?? '', `${namespace}/${event.involvedObject.name}`]))
      const kept = items
        .filter((event) => options.all || ours(event.involvedObject.name ?? ''))
        .filter((event) => !options.warnings || event.type !== 'Normal')
        .filter((event) => (millis(eventTime(event)) ?? now) >= from)
        .map((event) => ({ ...event, message: redact(event.message ?? '', known) }))
      return {
        schemaVersion: 1,
        command: 'events',
        at: new Date(now).toISOString(),
        namespace,
        about: options.all ? `everything in namespace ${namespace}` : `${namespace}/${workload}`,
        seen: kept.length,
        groups: eventGroups(kept),
        truncated,
      }
    },
    render: renderEvents,
  })
}

function secondsOf(text: string): number {
  const seconds = parseDuration(text)
  if (seconds === undefined) throw new UsageError(`--since takes how long ago, not "${text}"`, 'for example --since 30m')
  return seconds
}
