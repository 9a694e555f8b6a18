/** Plain HTTP from this machine, for services given by URL: bounded in size and time. */
import http from 'node:http'
import https from 'node:https'
import { getCACertificates } from 'node:tls'
import { UsageError } from '../errors.ts'
import { reachError, sendBounded } from './http-request.ts'

export interface FetchInit {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Default 1 MiB. */
  limitBytes?: number
  /** PEM of a certificate authority to trust beside the usual ones. */
  ca?: string | undefined
}

export interface FetchAnswer {
  status: number
  body: string
  /** Seconds from request to the last byte. */
  seconds: number
  headers: Record<string, string>
}

export type Fetch = (url: string, init: FetchInit, signal: AbortSignal) => Promise<FetchAnswer>

/** A function that asks URLs, keeping connections open between calls. It throws UsageError, UnreachableError or InterruptedError; any status is an answer. */
export function makeFetch(env: Readonly<Record<string, string | undefined>>): Fetch {
  const pool = { keepAlive: true, maxSockets: 16, proxyEnv: env as NodeJS.ProcessEnv }
  const plain = new http.Agent(pool)
  const secure = new https.Agent(pool)
  return async (url, init, signal) => {
    const target = URL.parse(url)
    if (target === null || !/^https?:$/.test(target.protocol)) throw new UsageError(`"${url}" is not an http or https URL`)
    try {
      const answer = await sendBounded(
        {
          url: target,
          method: init.method ?? 'GET',
          headers: { 'user-agent': 'task-mcp', ...init.headers },
          body: init.body,
          agent: target.protocol === 'https:' ? secure : plain,
          tls: init.ca === undefined ? undefined : { ca: [...getCACertificates('default'), init.ca] },
          limitBytes: init.limitBytes ?? 1024 * 1024,
        },
        signal,
      )
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
      )
      return { status: answer.status, body: answer.body, seconds: answer.seconds, headers }
    } catch (error) {
      throw reachError(error, target.origin, {
        refused: `check the address, and whether anything listens there: curl -v ${target.origin}`,
        tls: 'check the certificate, its authority (caFile in task-mcp.yaml) and the clock of this machine',
      })
    }
  }
}
