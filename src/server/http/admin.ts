import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Metrics } from '../telemetry/metrics.ts'
import { answer } from './call.ts'
import type { Health } from './health.ts'

/** The routes for those who operate the server. Gives false for a path that is none of them. */
export type Admin = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>

export function createAdmin(health: Health, metrics: Metrics): Admin {
  const pages: Readonly<Record<string, (response: ServerResponse, accept: string | undefined) => Promise<void>>> = {
    '/health/live': async (response) => answer(response, 200, { status: 'alive' }),
    '/health/ready': async (response) => {
      const readiness = await health.readiness()
      answer(response, readiness.status === 'ready' ? 200 : 503, readiness)
    },
    '/metrics': async (response, accept) => {
      const { text, contentType } = await metrics.scrape(accept)
      answer(response, 200, text, { 'content-type': contentType, vary: 'accept' })
    },
  }
  return async (request, response, path) => {
    const page = pages[path]
    if (page === undefined) return false
    if (request.method === 'GET' || request.method === 'HEAD') await page(response, request.headers.accept)
    else answer(response, 405, undefined, { allow: 'GET, HEAD' })
    return true
  }
}
