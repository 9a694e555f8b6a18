import { describe, expect, test } from 'vitest'
import { patterns } from '../../src/diagnosis/logs.ts'

/** Lines as runtimes, drivers and servers write them, and lines that only look alike. */
const lines: Readonly<Partial<Record<keyof typeof patterns, { says: string[]; not: string[] }>>> = {
  credentials: {
    says: [
      'FATAL:  password authentication failed for user "orders"',
      'error: SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must match: 28P01',
      '{"level":"error","code":"28000","msg":"no pg_hba.conf entry"}',
      'WRONGPASS invalid username-password pair or user is disabled.',
      'upstream answered 401 Unauthorized',
      "ER_ACCESS_DENIED_ERROR: Access denied for user 'orders'@'10.0.0.7'",
      'AxiosError: Request failed with status code 401',
      'charge failed: the API key was revoked',
    ],
    not: [
      'GET /basket 401 3 ms',
      '{"msg":"slow query","operation":"delete","seconds":1.6238280000000087,"failed":false}',
      '{"msg":"request","bytes":1280001,"status":200}',
      '{"seconds":0.401,"error":"unauthorized is not said here by a status"}',
    ],
  },
  pool: {
    says: [
      'sorry, too many clients already',
      'error: 53300 remaining connection slots are reserved',
      'KnexTimeoutError: Timeout acquiring a connection. The pool is probably full.',
      'timeout exceeded when trying to connect to the pool: connection pool exhausted',
    ],
    not: ['{"msg":"took","seconds":0.0533004}', 'pool opened with 8 connections'],
  },
  throttle: {
    says: ['partner answered 429', 'HTTP 429 Too Many Requests', 'rate limit exceeded'],
    not: ['{"msg":"request","seconds":0.429}', '{"bytes":14290}'],
  },
  certificate: {
    says: [
      'Error: certificate has expired { code: "CERT_HAS_EXPIRED" }',
      'x509: certificate has expired or is not yet valid: current time',
    ],
    not: ['session expired, please log in again', 'certificate loaded, valid until 2027'],
  },
  forbidden: {
    says: ['configmaps "x" is forbidden: User "system:serviceaccount:shop:orders" cannot get resource "configmaps" in API group ""'],
    not: ['the user may not do this: 403', 'cannot get the next page'],
  },
  dns: {
    says: [
      'getaddrinfo ENOTFOUND ledger',
      'dial tcp: lookup ledger on 10.96.0.10:53: no such host',
      'could not translate host name "db" to address',
    ],
    not: ['connect ECONNREFUSED 10.0.0.9:6000', 'user not found'],
  },
}

describe.each(Object.entries(lines))('what speaks of %s', (name, { says, not }) => {
  const pattern = patterns[name as keyof typeof patterns]
  test.each(says)('is heard: %s', (line) => expect(line).toMatch(pattern))
  test.each(not)('is not this: %s', (line) => expect(line).not.toMatch(pattern))
})
