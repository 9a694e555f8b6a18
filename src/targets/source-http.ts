/** HTTP to Prometheus or Alertmanager, by URL or through the API server's proxy, with their credentials and their failures in our words. */
import { readFile } from 'node:fs/promises'
import type { SourcePlace } from '../context.ts'
import { AbsentError, DeniedError, UnreachableError, UsageError } from '../errors.ts'
import type { SourceSettings } from '../settings.ts'
import { pause } from './http-request.ts'
import type { Cluster, HttpAnswer } from './ports.ts'
import type { Fetch } from './service.ts'

export interface SourceHttp {
  /** For evidence: a URL without credentials, or `namespace/service through the API server`. */
  readonly where: string
  /** Ask a path; POST when `form` is given, or a `document` that is sent as JSON, DELETE for `remove`; these two only once. Answers of 200 to 499 come back, save 401 and 403; cut connections, 429 and 502 to 504 are tried twice. */
  ask(path: string, form: Body, signal: AbortSignal): Promise<HttpAnswer>
}

type Body = string | { document: unknown } | { remove: true } | undefined

const limitBytes = 64 * 1024 * 1024

/** The way to a source. Files with credentials are read at the first request. */
export function sourceHttp(place: SourcePlace, by: { fetch: Fetch } | { cluster: Cluster }): SourceHttp {
  const once =
    'url' in place && 'fetch' in by
      ? byUrl(place.url, place.settings, by.fetch)
      : 'service' in place && 'cluster' in by
        ? byProxy(place, by.cluster)
        : undefined
  if (once === undefined) throw new Error('a source by URL needs fetch, a source in the cluster needs the cluster')
  return {
    where: once.where,
    async ask(path, form, signal) {
      if (typeof form === 'object') return judged(await once.ask(path, form, signal), once.where)
      const first = await once.ask(path, form, signal).catch((error: unknown) => {
        if (error instanceof UnreachableError && !signal.aborted && once.direct) return error
        throw error
      })
      if (!(first instanceof Error) && !passing.has(first.status)) return judged(first, once.where)
      // A reason to try once more: the failure may be of the moment.
      await pause(250, signal, once.where)
      return judged(await once.ask(path, form, signal), once.where)
    },
  }
}

const passing = new Set([429, 502, 503, 504])

interface OneTry {
  where: string
  /** Whether a cut connection has not been retried below already. */
  direct: boolean
  ask: SourceHttp['ask']
}

function byUrl(given: string, settings: SourceSettings, fetch: Fetch): OneTry {
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`"${given}" is not an http or https URL`)
  const fromUrl = url.username === '' ? undefined : basic(decodeURIComponent(url.username), decodeURIComponent(url.password))
  url.username = ''
  url.password = ''
  const base = url.href.replace(/\/$/, '')
  let read: Promise<{ headers: Record<string, string>; ca: string | undefined }> | undefined
  return {
    where: base,
    direct: true,
    async ask(path, form, signal) {
      read ??= credentials(settings, fromUrl)
      const { headers, ca } = await read
      const body = form === undefined ? {} : removes(form) ? { method: 'DELETE' } : { method: 'POST', body: textOf(form) }
      const formHeader: Record<string, string> = form === undefined || removes(form) ? {} : { 'content-type': typeOf(form) }
      const answer = await fetch(
        base + path,
        { ...body, headers: { accept: 'application/json', ...formHeader, ...headers }, limitBytes, ca },
        signal,
      )
      return { status: answer.status, body: answer.body, seconds: answer.seconds, contentType: answer.headers['content-type'] ?? '' }
    },
  }
}

async function credentials(
  settings: SourceSettings,
  fromUrl: string | undefined,
): Promise<{ headers: Record<string, string>; ca: string | undefined }> {
  const headers: Record<string, string> = { ...settings.headers }
  if (fromUrl !== undefined) headers.authorization = fromUrl
  if (settings.username !== undefined)
    headers.authorization = basic(settings.username, settings.passwordFile === undefined ? '' : await secretFile(settings.passwordFile))
  if (settings.bearerTokenFile !== undefined) headers.authorization = `Bearer ${await secretFile(settings.bearerTokenFile)}`
  return { headers, ca: settings.caFile === undefined ? undefined : await secretFile(settings.caFile) }
}

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

async function secretFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`${path} cannot be read`, 'correct the path in task-mcp.yaml, or its permissions', { cause: error })
  }
}

/** The API server keeps our Authorization header for itself, so a source that wants its own credentials must be given by URL. */
function byProxy(place: Extract<SourcePlace, { service: string }>, cluster: Cluster): OneTry {
  const { settings } = place
  return {
    where: `${place.namespace}/${place.service} through the API server`,
    direct: false,
    ask: (path, form, signal) =>
      cluster.proxy(
        {
          namespace: place.namespace,
          kind: 'services',
          name: place.service,
          port: place.port,
          path: (place.prefix ?? '').replace(/\/$/, '') + path,
          ...(settings.caFile === undefined ? {} : { scheme: 'https' as const }),
          ...(form === undefined ? {} : removes(form) ? { method: 'DELETE' as const } : { form: textOf(form) }),
          headers: {
            accept: 'application/json',
            ...(form === undefined || removes(form) ? {} : { 'content-type': typeOf(form) }),
            ...settings.headers,
          },
          limitBytes,
        },
        signal,
      ),
  }
}

type Sent = string | { document: unknown }

const removes = (body: NonNullable<Body>): body is { remove: true } => typeof body === 'object' && 'remove' in body

const textOf = (body: Sent): string => (typeof body === 'string' ? body : JSON.stringify(body.document))

const typeOf = (body: Sent): string => (typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json')

function judged(answer: HttpAnswer, where: string): HttpAnswer {
  if (answer.status === 401 || answer.status === 403) {
    throw new DeniedError(
      `${where} wants ${answer.status === 401 ? '' : 'other '}credentials (HTTP ${answer.status}${saidBy(answer)})`,
      'give bearerTokenFile, or username and passwordFile, or headers (the X-Scope-OrgID of a tenant), for it in task-mcp.yaml; with credentials it must be given by URL',
    )
  }
  if (answer.status >= 500 && !answer.contentType.includes('json')) {
    throw new UnreachableError(`${where} answered HTTP ${answer.status}`, 'look at it, or at the proxy before it')
  }
  return answer
}

/** The answer's JSON; UnreachableError when it is HTML, or half an answer, or something else. */
export function jsonOf(answer: HttpAnswer, where: string, expected: string): unknown {
  if (answer.status === 404 && !answer.contentType.includes('json'))
    throw new AbsentError(`${where} has no such path`, `check the address: it should be that of ${expected}, with its path prefix`)
  if (!answer.contentType.includes('json')) {
    throw new UnreachableError(
      `${where} answered ${answer.contentType.split(';')[0] || 'something'} instead of JSON`,
      `check the address: it should be that of ${expected} itself, not of a login page or a dashboard`,
    )
  }
  try {
    return JSON.parse(answer.body)
  } catch (error) {
    throw new UnreachableError(`${where} sent JSON that does not parse`, 'ask again; the answer may have been cut short or be too large', {
      cause: error,
    })
  }
}

/** The error that a source gives in JSON, on one line. */
function saidBy({ body }: HttpAnswer): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return typeof error === 'string' && error !== '' ? `: ${error.replaceAll(/\s+/g, ' ').slice(0, 200)}` : ''
  } catch {
    return ''
  }
}
