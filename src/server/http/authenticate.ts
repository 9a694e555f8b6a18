import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Principal } from '../mcp/exchange.ts'
import type { Verdict, VerifyJwt } from './jwt.ts'
import type { Tokens } from './tokens.ts'

/** The ways in: tokens of our own, and tokens of an issuer. */
export interface Credentials {
  readonly tokens: () => Tokens
  readonly verifyJwt: VerifyJwt | undefined
}

/** Whom the last token on a connection was found to be, by which list of tokens. */
interface Known {
  readonly authorization: Buffer
  readonly by: Tokens
  readonly principal: Principal
}

/** Clients send one token on a connection again and again: its hash is made once, and forgotten with the connection. */
const known = new WeakMap<Socket, Known>()

/** @returns the principal, or why the credentials are refused and what to tell the caller. */
export function authenticate({ headers, socket }: IncomingMessage, { tokens, verifyJwt }: Credentials): Verdict | Promise<Verdict> {
  const { authorization } = headers
  if (authorization === undefined) return { failure: 'missing', said: 'authentication is needed: send Authorization: Bearer TOKEN' }
  const list = tokens()
  const given = Buffer.from(authorization, 'latin1')
  const before = known.get(socket)
  if (before?.by === list && before.authorization.length === given.length && timingSafeEqual(before.authorization, given))
    return { principal: before.principal }
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
  if (token === undefined) return { failure: 'malformed', said: 'the Authorization header is not "Bearer TOKEN"' }
  const principal = list.find(token)
  if (principal !== undefined) {
    known.set(socket, { authorization: Buffer.from(given), by: list, principal })
    return { principal }
  }
  if (verifyJwt !== undefined && token.split('.').length === 3) return verifyJwt(token)
  return { failure: 'unknown_token', said: 'this token is not known here' }
}
