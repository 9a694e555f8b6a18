import type { IncomingMessage } from 'node:http'
import type { Verdict, VerifyJwt } from './jwt.ts'
import type { Tokens } from './tokens.ts'

/** The ways in: tokens of our own, and tokens of an issuer. */
export interface Credentials {
  readonly tokens: () => Tokens
  readonly verifyJwt: VerifyJwt | undefined
}

/** @returns the principal, or why the credentials are refused and what to tell the caller. */
export function authenticate({ headers }: IncomingMessage, { tokens, verifyJwt }: Credentials): Verdict | Promise<Verdict> {
  const { authorization } = headers
  if (authorization === undefined) return { failure: 'missing', said: 'authentication is needed: send Authorization: Bearer TOKEN' }
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
  if (token === undefined) return { failure: 'malformed', said: 'the Authorization header is not "Bearer TOKEN"' }
  const principal = tokens().find(token)
  if (principal !== undefined) return { principal }
  if (verifyJwt !== undefined && token.split('.').length === 3) return verifyJwt(token)
  return { failure: 'unknown_token', said: 'this token is not known here' }
}
