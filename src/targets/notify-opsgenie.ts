/** Opsgenie's Alert API: the dedup key is the alert's alias, by which it is also asked for. */
import { deadlineIn } from '../duration.ts'
import type { ChannelSettings } from '../settings.ts'
import { hidden, type NotifyDeps, secret } from './notify.ts'
import { deliver, field, taken } from './notify-deliver.ts'
import type { Notice, Notifier } from './ports.ts'

export function opsgenie(channel: ChannelSettings, { env, fetch }: NotifyDeps): Notifier {
  const base = channel.url ?? 'https://api.opsgenie.com'
  const { origin } = new URL(base)
  return {
    kind: 'opsgenie',
    where: origin,
    async preview(notice) {
      await secret(channel.secret!, env)
      const headers = `authorization: GenieKey ${hidden}\ncontent-type: application/json`
      return `POST ${base}/v2/alerts\n${headers}\n\n${JSON.stringify(alertOf(notice), null, 2)}`
    },
    async send(notice, clock, signal) {
      const key = await secret(channel.secret!, env)
      const headers = { authorization: `GenieKey ${key}`, 'content-type': 'application/json' }
      const once = async (bounded: AbortSignal): Promise<string> => {
        const answer = await fetch(`${base}/v2/alerts`, { method: 'POST', headers, body: JSON.stringify(alertOf(notice)) }, bounded)
        taken(answer, origin, (body) => field(body, 'message').replaceAll(key, hidden), clock.now())
        return 'alerted'
      }
      return deliver(once, channel.timeoutSeconds, clock, signal)
    },
    async acknowledgement(dedupKey, signal) {
      const key = await secret(channel.secret!, env)
      const answer = await fetch(
        `${base}/v2/alerts/${encodeURIComponent(aliasOf(dedupKey))}?identifierType=alias`,
        { headers: { authorization: `GenieKey ${key}` } },
        AbortSignal.any([signal, deadlineIn(channel.timeoutSeconds)]),
      )
      // An alert is there a moment after it was taken.
      if (answer.status === 404) return undefined
      taken(answer, origin, (body) => field(body, 'message').replaceAll(key, hidden), 0)
      const alert = dataOf(answer.body)
      if (alert?.acknowledged !== true && alert?.status !== 'closed') return undefined
      const at = Date.parse(alert.updatedAt ?? '')
      return { by: alert.report?.acknowledgedBy ?? (alert.owner || undefined), at: Number.isNaN(at) ? undefined : at }
    },
  }
}

/** Its limits: 512 characters of alias, 130 of message, 15,000 of description. */
const aliasOf = (dedupKey: string): string => dedupKey.slice(0, 512)

const alertOf = (notice: Notice) => ({
  message: notice.subject.slice(0, 130),
  alias: aliasOf(notice.dedupKey),
  description: notice.text.slice(0, 15_000),
  priority: ({ critical: 'P1', error: 'P2', warning: 'P3' } as const)[notice.severity],
  source: 'task-mcp',
  entity: notice.source,
  details: { level: String(notice.to.level), for: notice.to.name },
})

interface RawAlert {
  acknowledged?: boolean
  status?: string
  owner?: string
  updatedAt?: string
  report?: { acknowledgedBy?: string }
}

function dataOf(body: string): RawAlert | undefined {
  try {
    return (JSON.parse(body) as { data?: RawAlert }).data
  } catch {
    return undefined
  }
}
