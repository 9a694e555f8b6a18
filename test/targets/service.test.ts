import { expect, test } from 'vitest'
import { InterruptedError, UnreachableError, UsageError } from '../../src/errors.ts'
import { makeFetch } from '../../src/targets/service.ts'
import { failure, smallServer } from './small-server.ts'

const soon = () => AbortSignal.timeout(10_000)
const fetch = makeFetch({})

test('method, headers and body go out; status, headers and body come back, whatever the status', async () => {
  const server = await smallServer(() => ({ status: 503, headers: { 'x-request-id': 'r1' }, body: 'down' }))
  const answer = await fetch(
    `${server.url}/ready?deep=1`,
    { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'héllo' },
    soon(),
  )
  expect(answer).toMatchObject({ status: 503, body: 'down', headers: { 'x-request-id': 'r1' } })
  expect(server.heard[0]).toMatchObject({ method: 'POST', path: '/ready', body: 'héllo' })
})

test('an answer without end is cut, a frozen one costs the deadline, a cut one is unreachable', async () => {
  const big = await smallServer(() => ({ body: 'x'.repeat(10_000) }))
  expect((await fetch(big.url, { limitBytes: 100 }, soon())).body).toHaveLength(100)
  const frozen = await smallServer(() => 'never')
  expect(await failure(fetch(frozen.url, {}, AbortSignal.timeout(50)))).toBeInstanceOf(UnreachableError)
  const half = await smallServer(() => 'half')
  expect((await failure(fetch(half.url, {}, soon()))).message).toContain('before the whole answer came')
  const stopped = new AbortController()
  stopped.abort()
  expect(await failure(fetch(frozen.url, {}, stopped.signal))).toBeInstanceOf(InterruptedError)
})

test('what is no URL, and where nobody listens, are told apart', async () => {
  expect(await failure(fetch('not a url', {}, soon()))).toBeInstanceOf(UsageError)
  expect(await failure(fetch('ftp://example.com', {}, soon()))).toBeInstanceOf(UsageError)
  const refused = await failure(fetch('http://127.0.0.1:1', {}, soon()))
  expect(refused.message).toContain('127.0.0.1:1 refused the connection')
})
