import { hash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Principal } from '../mcp/exchange.ts'
import type { Settings } from '../settings.ts'
import type { AuthFailure } from '../telemetry/catalogue.ts'
import { tagOf } from './tokens.ts'

/** Who a JSON Web Token says somebody is, or why it is not believed. */
export type Verdict = { readonly principal: Principal } | { readonly failure: AuthFailure; readonly said: string }

export type VerifyJwt = (token: string) => Promise<Verdict>

const longestKept = 60_000
const mostKept = 10_000
/** Clocks of issuer and server may differ by this many seconds. */
const tolerance = 30
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/**
 * Takes issuer, audience and key set from the settings. Signature, issuer, audience and expiry are checked; keys are fetched when
 * a token names one that is not known, so that they can be rotated. A verdict is kept for a minute at most, and never beyond expiry.
 */
export function createVerifyJwt(settings: Settings, now: () => number): VerifyJwt {
  const kept = new Map<string, { principal: Principal; keptAt: number; expires: number }>()
  const { jwtIssuer: issuer, jwtAudience, publicUrl } = settings
  const audience = jwtAudience === '' ? publicUrl : jwtAudience
  const keysUrl = new URL(settings.jwtKeysUrl === '' ? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json` : settings.jwtKeysUrl)
  const keys = import('jose').then((jose) => ({
    jose,
    find: jose.createRemoteJWKSet(keysUrl, { timeoutDuration: 3000, cooldownDuration: 1000 }),
  }))
  keys.catch(() => undefined)

  return async (token) => {
    const key = hash('sha256', token, 'base64url')
    const before = kept.get(key)
    // The minute is measured on a clock that nobody sets back.
    if (before !== undefined && before.expires > now() && performance.now() - before.keptAt < longestKept)
      return { principal: before.principal }
    const { jose, find } = await keys
    try {
      const { payload } = await jose.jwtVerify(token, find, {
        issuer,
        audience,
        algorithms,
        clockTolerance: tolerance,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(now()),
      })
      const principal = principalOf(payload)
      if (kept.size >= mostKept) kept.clear()
      kept.set(key, { principal, keptAt: performance.now(), expires: Number(payload.exp) * 1000 })
      return { principal }
    } catch (error) {
      return failureOf(error, keysUrl.host)
    }
  }
}

function principalOf({ iss, sub, scope, scp }: JWTPayload & { scope?: unknown; scp?: unknown }): Principal {
  const words = typeof scope === 'string' ? scope.split(' ') : Array.isArray(scp) ? scp.map(String) : []
  // A name becomes part of tasks and history: no control characters, and no more than fits a line.
  const name = String(sub)
    .replace(/\p{Cc}/gu, '')
    .slice(0, 200)
  return { name, tag: tagOf(`${iss} ${name}`), scopes: new Set(words) }
}

function failureOf(error: unknown, host: string): Verdict {
  const { code, claim } = error as { code?: string; claim?: string }
  if (code === 'ERR_JWT_EXPIRED') return { failure: 'expired', said: 'this token has expired' }
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' && claim === 'iss')
    return { failure: 'wrong_issuer', said: 'this token is from another issuer' }
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' && claim === 'aud')
    return { failure: 'wrong_audience', said: 'this token is for another service' }
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return { failure: 'malformed', said: `this token lacks a usable ${claim}` }
  if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' || code === 'ERR_JWKS_NO_MATCHING_KEY' || code === 'ERR_JOSE_ALG_NOT_ALLOWED')
    return { failure: 'bad_signature', said: 'this token is not signed with a key of its issuer' }
  if (code === 'ERR_JWS_INVALID' || code === 'ERR_JWT_INVALID') return { failure: 'malformed', said: 'this token cannot be read' }
  return { failure: 'keys_unavailable', said: `the keys of the issuer cannot be fetched from ${host}` }
}
