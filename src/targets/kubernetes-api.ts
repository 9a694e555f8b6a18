/** Requests to one Kubernetes API server: credentials, retries, and every failure turned into our errors. */
import type http from 'node:http'
import type https from 'node:https'
import { ExpectedError, UnreachableError } from '../errors.ts'
import { type Asked, apiError, notTheApi, statusOf } from './api-errors.ts'
import { type BoundedAnswer, isConnectionTrouble, pause, reachError, sendBounded } from './http-request.ts'
import type { ClusterIdentity } from './ports.ts'

export interface Credentials {
  agent: http.Agent
  tls: https.RequestOptions
  headers: Record<string, string>
}

export interface Connection {
  identity: ClusterIdentity
  server: URL
  credentials(signal: AbortSignal): Promise<Credentials>
  /** Forget the credentials held, so that the next call reads or makes them anew. */
  renewCredentials(): void
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the API server, with its query: `/api/v1/namespaces/x/pods?limit=500`. */
  path: string
  asked: Asked
  accept?: string
  contentType?: string
  body?: string | undefined
  headers?: Record<string, string>
  limitBytes?: number | undefined
  /** Answers with a status of 400 and more come back as they are, unless the API server itself made them. */
  proxied?: boolean
}

/** Retries of one request, and of one adapter altogether: a struggling API server must not get a multiple of its load from us. */
const attempts = 3
const retryBudget = 20

export class KubernetesApi {
  readonly stats = { requests: 0, retries: 0 }
  readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** Send a request; GETs are retried on 429, 5xx and cut connections, other methods on 429 alone. Throws our errors. */
  async send(request: ApiRequest, signal: AbortSignal): Promise<BoundedAnswer> {
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#once(request, signal)
      if (outcome instanceof Error) {
        if (attempt < attempts && isRead(request) && isConnectionTrouble(outcome) && (await this.#pause(attempt, undefined, signal)))
          continue
        throw reachError(outcome, this.#what(), {
          refused: 'check the address in the kubeconfig, the VPN or proxy, and whether the API server runs',
          tls: 'check the certificate authority in the kubeconfig and the clock of this machine',
        })
      }
      if (outcome.status < 400) return outcome
      if (outcome.status === 401 && !renewed && !request.proxied) {
        renewed = true
        this.connection.renewCredentials()
        continue
      }
      if (attempt < attempts && worthAnother(request, outcome) && (await this.#pause(attempt, outcome, signal))) continue
      if (request.proxied && statusOf(outcome) === undefined && outcome.status !== 401) return outcome
      throw apiError(outcome, request.asked, this.#what(), this.connection.identity.user)
    }
  }

  /** Send a request and parse its JSON. UnreachableError when something other than JSON, or half of it, comes back. */
  async json<T>(request: ApiRequest, signal: AbortSignal): Promise<T> {
    const answer = await this.send({ accept: 'application/json', ...request }, signal)
    if (!answer.contentType.includes('json')) throw notTheApi(this.#what())
    try {
      return JSON.parse(answer.body) as T
    } catch (error) {
      throw new UnreachableError(
        `${this.#what()} sent JSON that does not parse`,
        'ask again; if it stays so, look at what is between here and the API server',
        { cause: error },
      )
    }
  }

  async #once(request: ApiRequest, signal: AbortSignal): Promise<BoundedAnswer | Error> {
    const credentials = await this.connection.credentials(signal)
    const base = this.connection.server.href.replace(/\/$/, '')
    this.stats.requests++
    try {
      return await sendBounded(
        {
          url: new URL(base + request.path),
          method: request.method ?? 'GET',
          headers: {
            accept: request.accept ?? '*/*',
            'user-agent': 'task-mcp',
            ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
            ...request.headers,
            ...credentials.headers,
          },
          body: request.body,
          agent: credentials.agent,
          tls: credentials.tls,
          limitBytes: request.limitBytes,
        },
        signal,
      )
    } catch (error) {
      if (error instanceof ExpectedError || !(error instanceof Error)) throw error
      return error
    }
  }

  async #pause(attempt: number, answer: BoundedAnswer | undefined, signal: AbortSignal): Promise<boolean> {
    if (this.stats.retries >= retryBudget) return false
    this.stats.retries++
    const asked = Number(answer?.headers['retry-after'])
    const milliseconds = Number.isFinite(asked) && asked > 0 ? Math.min(asked, 5) * 1000 : 100 * 2 ** attempt
    await pause(milliseconds, signal, this.#what())
    return true
  }

  #what(): string {
    return `the API server ${this.connection.identity.server}`
  }
}

const isRead = (request: ApiRequest): boolean => request.method === undefined || request.method === 'GET'

function worthAnother(request: ApiRequest, answer: BoundedAnswer): boolean {
  if (request.proxied) return answer.status === 429 && statusOf(answer) !== undefined
  return answer.status === 429 || (isRead(request) && answer.status >= 500)
}
