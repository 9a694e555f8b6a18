/** Alertmanager's v2 API: the alerts it holds now, and silences. v1 has been gone since 0.27. */
import { AbsentError, UnreachableError, UsageError } from '../errors.ts'
import { matcherText } from '../facts/matcher-text.ts'
import type { Alert, AlertGroup, AlertSource, Matcher, Silence } from './ports.ts'
import { jsonOf, type SourceHttp } from './source-http.ts'

interface RawAlert {
  labels?: Record<string, string>
  annotations?: Record<string, string>
  startsAt?: string
  fingerprint?: string
  generatorURL?: string
  status?: { state?: Alert['state']; silencedBy?: string[]; inhibitedBy?: string[] }
}

interface RawGroup {
  receiver?: { name?: string }
  labels?: Record<string, string>
  alerts?: RawAlert[]
}

interface RawSilence {
  id?: string
  matchers?: Partial<Matcher>[]
  startsAt?: string
  endsAt?: string
  createdBy?: string
  comment?: string
  status?: { state?: Silence['state'] }
}

/** An AlertSource over the given way to an Alertmanager. Nothing is asked yet. */
export function openAlertmanager(http: SourceHttp): AlertSource & Required<Pick<AlertSource, 'silencer'>> {
  const list = async <T>(path: string, of: string, signal: AbortSignal): Promise<T[]> => {
    const answer = await http.ask(path, undefined, signal)
    const body = jsonOf(answer, http.where, 'an Alertmanager')
    if (answer.status >= 400 || !Array.isArray(body))
      throw new UnreachableError(
        `${http.where} answered HTTP ${answer.status}: ${complaint(body, `not a list of ${of}`)}`,
        'check that it is an Alertmanager of version 0.16 or later',
      )
    return body as T[]
  }
  return {
    where: http.where,
    alerts: async (signal) => (await list<RawAlert>('/api/v2/alerts', 'alerts', signal)).map(alertOf),
    groups: async (signal) =>
      (await list<RawGroup>('/api/v2/alerts/groups', 'groups', signal)).map(
        ({ receiver, labels = {}, alerts = [] }): AlertGroup => ({ receiver: receiver?.name ?? '', labels, alerts: alerts.map(alertOf) }),
      ),
    silencer: {
      async matching(matchers, signal) {
        const filters = new URLSearchParams(matchers.map((matcher): [string, string] => ['filter', matcherText(matcher)]))
        return (await list<RawAlert>(`/api/v2/alerts?${filters.toString()}`, 'alerts', signal)).map(alertOf)
      },
      silences: async (signal) => (await list<RawSilence>('/api/v2/silences', 'silences', signal)).map(silenceOf),
      async silence(silence, signal) {
        const answer = await http.ask('/api/v2/silences', { document: silence }, signal)
        const body = jsonOf(answer, http.where, 'an Alertmanager')
        if (answer.status >= 400)
          throw new UsageError(`${http.where} refused the silence: ${complaint(body, `HTTP ${answer.status}`)}`, 'correct the matchers')
        const id = typeof body === 'object' && body !== null && 'silenceID' in body ? body.silenceID : undefined
        if (typeof id !== 'string')
          throw new UnreachableError(
            `${http.where} did not say whether it took the silence`,
            'look with task-mcp alerts before you try again',
          )
        return id
      },
      async expire(id, signal) {
        const answer = await http.ask(`/api/v2/silence/${encodeURIComponent(id)}`, { remove: true }, signal)
        if (answer.status === 404 || answer.status === 422)
          throw new AbsentError(`${http.where} has no silence ${id}`, 'task-mcp alerts silences lists them')
        if (answer.status >= 400)
          throw new UnreachableError(
            `${http.where} answered HTTP ${answer.status}: ${answer.body.slice(0, 200)}`,
            'look with task-mcp alerts silences',
          )
      },
    },
  }
}

function alertOf(alert: RawAlert): Alert {
  const { silencedBy = [], inhibitedBy = [] } = alert.status ?? {}
  return {
    name: alert.labels?.alertname ?? '',
    labels: alert.labels ?? {},
    annotations: alert.annotations ?? {},
    startsAt: alert.startsAt ?? '',
    state: alert.status?.state ?? 'unprocessed',
    fingerprint: alert.fingerprint ?? '',
    ...(silencedBy.length > 0 ? { silencedBy } : {}),
    ...(inhibitedBy.length > 0 ? { inhibitedBy } : {}),
    ...(alert.generatorURL ? { generatorURL: alert.generatorURL } : {}),
  }
}

function silenceOf(silence: RawSilence): Silence {
  return {
    id: silence.id ?? '',
    matchers: (silence.matchers ?? []).map(({ name = '', value = '', isRegex = false, isEqual = true }) => ({
      name,
      value,
      isRegex,
      isEqual,
    })),
    startsAt: silence.startsAt ?? '',
    endsAt: silence.endsAt ?? '',
    createdBy: silence.createdBy ?? '',
    comment: silence.comment ?? '',
    state: silence.status?.state ?? 'expired',
  }
}

/** Its errors are a JSON string (400) or `{code, message}` (422). */
function complaint(body: unknown, otherwise: string): string {
  if (typeof body === 'string') return body
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message)
  return otherwise
}
