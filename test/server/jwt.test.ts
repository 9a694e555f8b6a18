import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { aServer, aSession, initialize } from './a-server.ts'

/** An issuer with its key set on this machine, whose keys can be rotated. */
async function anIssuer() {
  let keys: object[] = []
  let sign: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
  const rotate = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    sign = privateKey
    keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256' }]
    return kid
  }
  let kid = await rotate('first')
  const http = createServer((_, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void http.close())
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return {
    url,
    close: () => http.close(),
    rotate: async (next: string) => {
      kid = await rotate(next)
    },
    token: (claims: Record<string, unknown> = {}, expires: string | number = '5m') =>
      new SignJWT({ iss: url, aud: 'https://tasks.example/mcp', sub: 'ada', scope: 'tasks:read tasks:write', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setExpirationTime(expires)
        .sign(sign),
  }
}

const settings = (url: string) => ({ 'jwt-issuer': url, 'public-url': 'https://tasks.example/mcp' })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('a token of the issuer is who it says, with its scopes', async () => {
  const issuer = await anIssuer()
  const server = await aServer(settings(issuer.url))
  const ada = await aSession(server, bearer(await issuer.token()))
  expect((await ada.tool('create_task', { title: 'x' })).data.task.createdBy).toBe('ada')
  const reader = await aSession(server, bearer(await issuer.token({ sub: 'bob', scope: 'tasks:read' })))
  expect((await reader.tool('list_tasks')).data.tasks).toHaveLength(1)
  const refused = await reader.call('tools/call', { name: 'create_task', arguments: { title: 'y' } })
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    403,
    'Bearer error="insufficient_scope", scope="tasks:write", resource_metadata="https://tasks.example/.well-known/oauth-protected-resource/mcp"',
  ])
  expect(await server.metric('auth_failures_total{reason="insufficient_scope"}')).toBe(1)
})

test('a stranger is told where tokens come from', async () => {
  const issuer = await anIssuer()
  const server = await aServer(settings(issuer.url))
  const refused = await server.post(initialize())
  expect(refused.headers.get('www-authenticate')).toBe(
    'Bearer realm="task-mcp", scope="tasks:read", resource_metadata="https://tasks.example/.well-known/oauth-protected-resource/mcp"',
  )
  const found = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', server.url))
  expect(await found.json()).toMatchObject({
    resource: 'https://tasks.example/mcp',
    authorization_servers: [issuer.url],
    scopes_supported: ['tasks:read', 'tasks:write'],
  })
})

test.each([
  ['for another service', { aud: 'https://other.example' }, '5m', 'wrong_audience'],
  ['of another issuer', { iss: 'https://evil.example' }, '5m', 'wrong_issuer'],
  ['that has expired', {}, 1_000_000_000, 'expired'],
])('a token %s is refused', async (_, claims, expires, reason) => {
  const issuer = await anIssuer()
  const server = await aServer(settings(issuer.url))
  expect((await server.post(initialize(), bearer(await issuer.token(claims, expires)))).status).toBe(401)
  expect(await server.metric(`auth_failures_total{reason="${reason}"}`)).toBe(1)
})

test('a token with another signature, or none, is refused', async () => {
  const [issuer, stranger] = [await anIssuer(), await anIssuer()]
  const server = await aServer(settings(issuer.url))
  expect((await server.post(initialize(), bearer(await stranger.token({ iss: issuer.url })))).status).toBe(401)
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss: issuer.url, aud: 'https://tasks.example/mcp', sub: 'eve', exp: 4e9 })).toString('base64url')}.`
  expect((await server.post(initialize(), bearer(unsigned))).status).toBe(401)
  expect(await server.metric('auth_failures_total{reason="bad_signature"}')).toBe(2)
})

test('a token does not say where its keys are: nothing is fetched from an address in it', async () => {
  const issuer = await anIssuer()
  const asked: string[] = []
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'mine', alg: 'ES256' }
  const evil = createServer((request, response) => {
    asked.push(String(request.url))
    response.end(JSON.stringify({ keys: [key] }))
  })
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void evil.close())
  const at = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/keys`
  const server = await aServer(settings(issuer.url))
  const token = await new SignJWT({ iss: issuer.url, aud: 'https://tasks.example/mcp', sub: 'eve', scope: 'tasks:write' })
    .setProtectedHeader({ alg: 'ES256', kid: 'mine', jku: at, x5u: at, jwk: key })
    .setExpirationTime('5m')
    .sign(privateKey)
  expect((await server.post(initialize(), bearer(token))).status).toBe(401)
  expect(asked).toEqual([])
})

test('keys can be rotated, and an issuer that is away is no refusal of the token', async () => {
  const issuer = await anIssuer()
  const server = await aServer(settings(issuer.url))
  const before = await issuer.token()
  expect((await server.post(initialize(), bearer(before))).status).toBe(200)
  await issuer.rotate('second')
  await expect
    .poll(async () => (await server.post(initialize(), bearer(await issuer.token()))).status, { timeout: 8000, interval: 300 })
    .toBe(200)
  const gone = await anIssuer()
  const other = await aServer(settings(gone.url))
  const token = await gone.token()
  gone.close()
  expect((await other.post(initialize(), bearer(token))).status).toBe(503)
  expect(await other.metric('auth_failures_total{reason="keys_unavailable"}')).toBe(1)
})

test('an issuer needs a public URL', async () => {
  await expect(aServer({ 'jwt-issuer': 'https://issuer.example' })).rejects.toThrow('jwt-issuer needs public-url')
})
