import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { getHeapSnapshot } from 'node:v8'
import { scopes } from '../mcp/scopes.ts'
import type { Log } from '../telemetry/log.ts'
import { answer } from './call.ts'
import type { Guard } from './guard.ts'
import { HttpRefusal } from './refusal.ts'

const longestSeconds = 60
const index = `profiles of this process, for go tool pprof and everything else that reads its format

/debug/pprof/profile?seconds=10   where CPU time goes
/debug/pprof/wall?seconds=10      where time goes, waiting included
/debug/pprof/heap?seconds=10      what is allocated in that time and stays
/debug/pprof/heapsnapshot         the whole heap, for the memory panel of browser tools; holds what users wrote

Each needs a token with the scope ${scopes.debug}, or the loopback address of the admin listener. One at a time.
`

export type Debug = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>

/** The pages under /debug/pprof/. `trustLoopback` is for a listener of operators only. */
export function createDebug(guard: Guard, log: Log, trustLoopback: boolean): Debug {
  let busy = false

  const take = async (request: IncomingMessage, response: ServerResponse, kind: string): Promise<void> => {
    const who = await permitted(request)
    const seconds = secondsOf(request)
    if (busy) throw new HttpRefusal(409, 'a profile is being taken: one at a time', { headers: { 'retry-after': '5' } })
    busy = true
    log.warn('profile', { kind, seconds, principal: who })
    try {
      if (kind === 'heapsnapshot') {
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-disposition': 'attachment; filename="task-mcp.heapsnapshot"',
        })
        await pipeline(getHeapSnapshot(), response)
        return
      }
      const { takeHeapProfile, takeTimeProfile } = await import('../telemetry/profiler.ts')
      const profile = kind === 'heap' ? await takeHeapProfile(seconds) : await takeTimeProfile(kind === 'wall' ? 'wall' : 'cpu', seconds)
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${kind}.pb.gz"`,
        'content-length': profile.length,
      })
      response.end(profile)
    } finally {
      busy = false
    }
  }

  const permitted = async (request: IncomingMessage): Promise<string> => {
    const address = request.socket.remoteAddress ?? ''
    if (trustLoopback && /^(127\.|::1$|::ffff:127\.)/.test(address)) return 'loopback'
    const principal = await guard.admit(request)
    if (principal.scopes.has(scopes.debug)) return principal.tag
    throw new HttpRefusal(403, `a profile needs a token with the scope ${scopes.debug}`)
  }

  return async (request, response, path) => {
    if (!path.startsWith('/debug/pprof')) return false
    if (request.method !== 'GET') throw new HttpRefusal(405, 'profiles are fetched with GET', { headers: { allow: 'GET' } })
    const page = path.slice('/debug/pprof'.length).replace(/^\//, '')
    if (page === '') answer(response, 200, index, { 'content-type': 'text/plain; charset=utf-8' })
    else if (['profile', 'wall', 'heap', 'heapsnapshot'].includes(page)) await take(request, response, page)
    else return false
    return true
  }
}

function secondsOf({ url }: IncomingMessage): number {
  const given = new URL(url ?? '/', 'http://localhost').searchParams.get('seconds') ?? '10'
  const seconds = Number(given)
  if (seconds > 0 && seconds <= longestSeconds) return seconds
  throw new HttpRefusal(400, `seconds is ${given.slice(0, 20)}: give more than 0 and at most ${longestSeconds}`)
}
