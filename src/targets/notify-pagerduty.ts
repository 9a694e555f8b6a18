/** PagerDuty: Events API v2 to page, and its REST API, where there is a token, to see whether somebody has taken it on. */
import { deadlineIn } from '../duration.ts'
import type { ChannelSettings } from '../settings.ts'
import { hidden, type NotifyDeps, secret } from './notify.ts'
import { deliver, field, taken } from './notify-deliver.ts'
import type { Acknowledgement, Notice, Notifier } from './ports.ts'

export function pagerduty(channel: ChannelSettings, { env, fetch }: NotifyDeps): Notifier {
  const events = `${channel.url ?? 'https://events.pagerduty.com'}/v2/enqueue`
  const api = channel.api ?? 'https://api.pagerduty.com'
  const { token } = channel
  return {
    kind: 'pagerduty',
    where: new URL(events).origin,
    async preview(notice) {
      await secret(channel.secret!, env)
      return `POST ${events}\ncontent-type: application/json\n\n${JSON.stringify(eventOf(notice, hidden), null, 2)}`
    },
    async send(notice, clock, signal) {
      const key = await secret(channel.secret!, env)
      const once = async (bounded: AbortSignal): Promise<string> => {
        const answer = await fetch(
          events,
          { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(eventOf(notice, key)) },
          bounded,
        )
        taken(answer, new URL(events).origin, (body) => field(body, 'errors', 'message').replaceAll(key, hidden), clock.now())
        return 'paged'
      }
      return deliver(once, channel.timeoutSeconds, clock, signal)
    },
    ...(token === undefined
      ? {}
      : { acknowledgement: async (dedupKey: string, signal: AbortSignal) => acknowledged(dedupKey, await secret(token, env), signal) }),
  }

  async function acknowledged(dedupKey: string, bearer: string, signal: AbortSignal): Promise<Acknowledgement | undefined> {
    const answer = await fetch(
      `${api}/incidents?${new URLSearchParams({ incident_key: dedupKey, date_range: 'all' })}`,
      { headers: { authorization: `Token token=${bearer}`, accept: 'application/vnd.pagerduty+json;version=2' } },
      AbortSignal.any([signal, deadlineIn(channel.timeoutSeconds)]),
    )
    taken(answer, new URL(api).origin, (body) => field(body, 'error', 'message').replaceAll(bearer, hidden), 0)
    const found = incidentsOf(answer.body).find((one) => one.status === 'acknowledged' || one.status === 'resolved')
    if (!found) return undefined
    const first = found.acknowledgements?.[0]
    const at = Date.parse(first?.at ?? found.last_status_change_at ?? '')
    return { by: first?.acknowledger?.summary ?? found.last_status_change_by?.summary, at: Number.isNaN(at) ? undefined : at }
  }
}

/** The event; the API takes a summary of 1024 characters. */
const eventOf = (notice: Notice, key: string) => ({
  routing_key: key,
  event_action: 'trigger',
  dedup_key: notice.dedupKey,
  client: 'task-mcp',
  payload: {
    summary: notice.subject.slice(0, 1024),
    source: notice.source,
    severity: notice.severity,
    custom_details: { level: notice.to.level, for: notice.to.name, text: notice.text },
  },
})

interface RawIncident {
  status?: string
  last_status_change_at?: string
  last_status_change_by?: { summary?: string }
  acknowledgements?: { at?: string; acknowledger?: { summary?: string } }[]
}

function incidentsOf(body: string): RawIncident[] {
  try {
    const parsed = JSON.parse(body) as { incidents?: RawIncident[] }
    return Array.isArray(parsed.incidents) ? parsed.incidents : []
  } catch {
    return []
  }
}
