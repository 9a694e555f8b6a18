import type { IncomingMessage } from 'node:http'
import type { Principal } from '../mcp/exchange.ts'
import { scopes, taskScopes } from '../mcp/scopes.ts'
import type { Settings } from '../settings.ts'
import type { Limiter } from '../telemetry/catalogue.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { authenticate, type Credentials } from './authenticate.ts'
import type { Blocked, BlockedEntry } from './block-list.ts'
import type { Call } from './call.ts'
import type { Verdict } from './jwt.ts'
import { checkOrigin } from './origin.ts'
import { comeBack, HttpRefusal } from './refusal.ts'
import { metadataUrl } from './resource-metadata.ts'
import { createBuckets } from './token-bucket.ts'
import { tagOf } from './tokens.ts'

/** Who may come in, and how often. */
export interface Guard {
  /**
   * Gives the principal of a request, at once unless an issuer must be asked.
   * @throws HttpRefusal 401, 403 (of a foreign page, or blocked) or 429.
   */
  admit(request: IncomingMessage): Principal | Promise<Principal>
  /** @throws HttpRefusal 429 when a principal opens sessions too fast. */
  admitSession(call: Call): void
  /** Takes the limits from the settings again. */
  reconfigure(): void
}

const anonymous: Principal = { name: 'anonymous', tag: tagOf('anonymous'), scopes: taskScopes }

/** Without any credentials to check, everybody is `anonymous`. */
export function createGuard(settings: () => Settings, credentials: Credentials, blocked: Blocked, metrics: Metrics): Guard {
  const anybody = (): boolean => credentials.verifyJwt === undefined && credentials.tokens().size === 0 && settings().tokenFile === ''
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

  const refuse = (entry: BlockedEntry | undefined, what: string): void => {
    if (entry === undefined) return
    metrics.rateLimitHits.inc({ limiter: 'blocked', reason: 'blocked' })
    const until = entry.until === undefined ? '' : ` until ${new Date(entry.until).toISOString()}`
    throw new HttpRefusal(403, `this ${what} is blocked${until}: ask those who run this server`)
  }

  const identify = (request: IncomingMessage, address: string): Principal | Promise<Principal> => {
    metrics.tally.authAttempts += 1
    if (failures.empty(address)) {
      metrics.authFailures.inc({ reason: 'throttled' })
      limited('auth_failures', 60 / settings().authFailureLimit, 'too many failed authentications from this address')
    }
    const verdict = authenticate(request, credentials)
    return verdict instanceof Promise ? verdict.then((later) => believed(later, address)) : believed(verdict, address)
  }

  const believed = (verdict: Verdict, address: string): Principal => {
    if ('principal' in verdict) return verdict.principal
    metrics.authFailures.inc({ reason: verdict.failure })
    if (verdict.failure === 'keys_unavailable') throw comeBack(503, 5, verdict.said)
    failures.take(address)
    throw new HttpRefusal(401, verdict.said, { headers: { 'www-authenticate': challenge(settings(), verdict.failure) } })
  }

  const within = (principal: Principal): Principal => {
    refuse(blocked.principal(principal), 'principal')
    limited('principal', principals.take(principal.name), `you may make ${settings().rateLimit} requests a second`)
    return principal
  }

  /** The host that was let in last, and the settings it was let in by: it comes again and again. */
  let served: { host: string | undefined; by: Settings } | undefined
  const checkPage = (request: IncomingMessage): void => {
    const { host, origin } = request.headers
    const by = settings()
    if (origin === undefined && served?.host === host && served?.by === by) return
    const publicHost = by.publicUrl === '' ? '' : new URL(by.publicUrl).hostname
    checkOrigin(request, { hosts: by.allowedHosts, origins: by.allowedOrigins, publicHost, ownHost: by.host })
    served = { host, by }
  }

  return {
    admit: (request) => {
      const address = request.socket.remoteAddress ?? ''
      refuse(blocked.address(address), 'address')
      checkPage(request)
      limited('address', addresses.take(address), 'too many requests from this address')
      const principal = anybody() ? anonymous : identify(request, address)
      return principal instanceof Promise ? principal.then(within) : within(principal)
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

function challenge(settings: Settings, failure: string): string {
  const parts = ['realm="task-mcp"']
  if (failure !== 'missing') parts.push('error="invalid_token"')
  // The least that is of use: a client that needs more is told by the answer to its call.
  if (settings.jwtIssuer !== '') parts.push(`scope="${scopes.read}"`, `resource_metadata="${metadataUrl(settings)}"`)
  return `Bearer ${parts.join(', ')}`
}

/** What WWW-Authenticate says to a caller whose token lacks a scope. */
export function scopeChallenge(settings: Settings, scope: string): string {
  const metadata = settings.jwtIssuer === '' ? '' : `, resource_metadata="${metadataUrl(settings)}"`
  return `Bearer error="insufficient_scope", scope="${scope}"${metadata}`
}
