import type { IncomingMessage } from 'node:http'
import type { Principal } from '../mcp/exchange.ts'
import { scopes } from '../mcp/task-tools.ts'
import type { Settings } from '../settings.ts'
import type { AuthFailure, Limiter } from '../telemetry/catalogue.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Call } from './call.ts'
import { checkOrigin } from './origin.ts'
import { comeBack, HttpRefusal } from './refusal.ts'
import { createBuckets } from './token-bucket.ts'
import { type Tokens, tagOf } from './tokens.ts'

/** Who may come in, and how often. */
export interface Guard {
  /**
   * Gives the principal of a request.
   * @throws HttpRefusal 401, 403 or 429.
   */
  admit(request: IncomingMessage): Promise<Principal>
  /** @throws HttpRefusal 429 when a principal opens sessions too fast. */
  admitSession(call: Call): void
  /** Takes the limits from the settings again. */
  reconfigure(): void
}

const anonymous: Principal = { name: 'anonymous', tag: tagOf('anonymous'), scopes: new Set(Object.values(scopes)) }

/** `tokens` gives those in force now; without any, and with `anonymousAllowed`, everybody is `anonymous`. */
export function createGuard(settings: () => Settings, tokens: () => Tokens | undefined, metrics: Metrics): Guard {
  const now = (): number => performance.now()
  const principals = createBuckets(0, 0, now)
  const addresses = createBuckets(0, 0, now)
  const initializations = createBuckets(0, 0, now)
  const failures = createBuckets(0, 0, now)
  const reconfigure = (): void => {
    const { rateLimit, rateBurst, addressRateLimit, initializeLimit, authFailureLimit } = settings()
    principals.configure(rateLimit, rateBurst)
    addresses.configure(addressRateLimit, addressRateLimit * 2)
    initializations.configure(initializeLimit, initializeLimit * 2)
    failures.configure(authFailureLimit / 60, authFailureLimit)
  }
  reconfigure()

  const limited = (limiter: Limiter, wait: number, message: string): void => {
    if (wait === 0) return
    metrics.rateLimitHits.inc({ limiter, reason: 'abuse' })
    throw comeBack(429, wait, message)
  }

  const authenticate = (request: IncomingMessage, address: string, known: Tokens): Principal => {
    metrics.authAttempts.inc()
    const refuse = (reason: AuthFailure, said: string): never => {
      metrics.authFailures.inc({ reason })
      failures.take(address)
      const challenge = reason === 'missing' ? 'Bearer realm="task-mcp"' : 'Bearer realm="task-mcp", error="invalid_token"'
      throw new HttpRefusal(401, said, { headers: { 'www-authenticate': challenge } })
    }
    if (failures.empty(address)) {
      metrics.authFailures.inc({ reason: 'throttled' })
      limited('auth_failures', 60 / settings().authFailureLimit, 'too many failed authentications from this address')
    }
    const { authorization } = request.headers
    if (authorization === undefined) return refuse('missing', 'authentication is needed: send Authorization: Bearer TOKEN')
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
    if (token === undefined) return refuse('malformed', 'the Authorization header is not "Bearer TOKEN"')
    return known.find(token) ?? refuse('unknown_token', 'this token is not known here')
  }

  return {
    admit: async (request) => {
      const { allowedHosts, allowedOrigins, publicUrl, host } = settings()
      const publicHost = publicUrl === '' ? '' : new URL(publicUrl).hostname
      checkOrigin(request, { hosts: allowedHosts, origins: allowedOrigins, publicHost, ownHost: host })
      const address = request.socket.remoteAddress ?? ''
      limited('address', addresses.take(address), 'too many requests from this address')
      const known = tokens()
      const principal = known === undefined ? anonymous : authenticate(request, address, known)
      limited('principal', principals.take(principal.name), `you may make ${settings().rateLimit} requests a second`)
      return principal
    },
    admitSession: ({ principal }) => {
      limited(
        'initialize',
        initializations.take(principal.name),
        `you may open ${settings().initializeLimit} sessions a second; keep one and use it again`,
      )
    },
    reconfigure,
  }
}
