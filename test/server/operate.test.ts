import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { aFolder, aServer, aSession, initialize } from './a-server.ts'

const line = (name: string, token: string, scopes = '') => `${name} ${createHash('sha256').update(token).digest('hex')} ${scopes}\n`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

test('the token file is read again when it changes, and a broken one changes nothing', async () => {
  const file = path.join(aFolder(), 'tokens')
  writeFileSync(file, line('ada', 'canary-first'))
  const server = await aServer({ 'token-file': file, 'reload-interval': '50ms' })
  const status = async (token: string) => (await server.post(initialize(), bearer(token))).status
  expect([await status('canary-first'), await status('canary-second')]).toEqual([200, 401])
  writeFileSync(file, line('ada', 'canary-second'))
  await expect.poll(() => status('canary-second'), { timeout: 5000 }).toBe(200)
  expect(await status('canary-first')).toBe(401)
  writeFileSync(file, 'ada canary-plain\n')
  await expect.poll(() => server.lines.filter(({ level }) => level === 'error').length, { timeout: 5000 }).toBe(1)
  expect(await status('canary-second')).toBe(200)
  writeFileSync(file, '')
  await expect.poll(() => status('canary-second'), { timeout: 5000 }).toBe(401)
  expect(JSON.stringify(server.lines)).not.toContain('canary')
})

test('profiles are in pprof format, for those who may', async () => {
  const file = path.join(aFolder(), 'tokens')
  writeFileSync(file, line('ada', 'canary-ada') + line('ops', 'canary-ops', 'server:debug'))
  const server = await aServer({ 'token-file': file })
  const get = (page: string, token?: string) =>
    fetch(`${server.adminUrl}/debug/pprof/${page}`, { headers: token === undefined ? {} : bearer(token) })
  expect((await get('')).status).toBe(200)
  expect((await get('profile?seconds=0.2')).status).toBe(401)
  expect((await get('profile?seconds=0.2', 'canary-ada')).status).toBe(403)
  expect((await get('profile?seconds=600', 'canary-ops')).status).toBe(400)
  const [first, second] = await Promise.all([get('profile?seconds=0.4', 'canary-ops'), get('wall?seconds=0.4', 'canary-ops')])
  expect([first.status, second.status].sort()).toEqual([200, 409])
  for (const page of ['wall?seconds=0.2', 'heap?seconds=0.2']) {
    const answer = await get(page, 'canary-ops')
    const text = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString('latin1')
    expect(text).toContain(page.startsWith('heap') ? 'inuse_space' : 'nanoseconds')
  }
})

test('the admin listener gives profiles to this machine without a token', async () => {
  const server = await aServer({ 'admin-port': 0, tokens: 'ada=canary-ada-token' })
  const answer = await fetch(`${server.adminUrl}/debug/pprof/profile?seconds=0.1`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
  expect((await fetch(new URL('/debug/pprof/', server.url))).status).toBe(404)
})

test('an operation that takes too long is given up, and says so', async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
  const server = await aServer({ 'request-timeout': '100ms', 'webhook-url': url, 'webhook-mode': 'before', 'webhook-timeout': '5s' })
  const session = await aSession(server)
  expect(await session.tool('create_task', { title: 'slow' })).toMatchObject({
    status: 503,
    error: { message: expect.stringContaining('took too long') },
  })
})
