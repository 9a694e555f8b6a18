/** Alertmanager's v2 API: the alerts it holds now. v1 has been gone since 0.27. */
import { UnreachableError } from '../errors.ts'
import type { Alert, AlertSource } from './ports.ts'
import { jsonOf, type SourceHttp } from './source-http.ts'

interface RawAlert {
  labels?: Record<string, string>
  annotations?: Record<string, string>
  startsAt?: string
  fingerprint?: string
  status?: { state?: Alert['state'] }
}

/** An AlertSource over the given way to an Alertmanager. Nothing is asked yet. */
export function openAlertmanager(http: SourceHttp): AlertSource {
  return {
    where: http.where,
    async alerts(signal) {
      const answer = await http.ask('/api/v2/alerts', undefined, signal)
      const body = jsonOf(answer, http.where, 'an Alertmanager')
      if (answer.status >= 400 || !Array.isArray(body))
        throw new UnreachableError(
          `${http.where} answered HTTP ${answer.status}: ${complaint(body)}`,
          'check that it is an Alertmanager of version 0.16 or later',
        )
      return (body as RawAlert[]).map(
        (alert): Alert => ({
          name: alert.labels?.alertname ?? '',
          labels: alert.labels ?? {},
          annotations: alert.annotations ?? {},
          startsAt: alert.startsAt ?? '',
          state: alert.status?.state ?? 'unprocessed',
          fingerprint: alert.fingerprint ?? '',
        }),
      )
    },
  }
}

/** Its errors are a JSON string (400) or `{code, message}` (422). */
function complaint(body: unknown): string {
  if (typeof body === 'string') return body
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message)
  return 'not a list of alerts'
}
