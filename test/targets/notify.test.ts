import { writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { expect, onTestFinished, test } from 'vitest'
import { readEscalation } from '../../src/config/escalation.ts'
import { UsageError } from '../../src/errors.ts'
import type { EscalationSettings } from '../../src/settings.ts'
import { openNotifier } from '../../src/targets/notify.ts'
import { retryAfter } from '../../src/targets/notify-deliver.ts'
import type { Notice } from '../../src/targets/ports.ts'
import { makeFetch } from '../../src/targets/service.ts'
import { aFolder } from '../support/folder.ts'
import { type Answer, smallServer } from './small-server.ts'

const canary = 'canary-7Qx9LmT2vBz4'
const notice: Notice = {
  subject: 'L2 shop/checkout: the service is down for 12 min',
  text: 'Since 03:12 UTC.\nTried: nothing yet. <!channel> & co',
  dedupKey: 'task-mcp-shop-checkout-1764000000-L2',
  severity: 'critical',
  source: 'shop/checkout',
  to: { name: 'Lee Lead', reach: 'lead@example.com', level: 2 },
}

/** Time that moves only by sleeping; what was slept is kept. */
function aClock() {
  let now = Date.parse('2026-11-23T03:12:00Z')
  const slept: number[] = []
  return {
    slept,
    now: () => now,
    sleep: async (ms: number) => {
      slept.push(ms)
      now += ms
    },
  }
}

function open(channel: Record<string, unknown>, env: Record<string, string> = { SECRET: canary }) {
  const read = readEscalation({ channels: { one: channel } }, { directory: '/', home: '/' })
  if ('wrong' in read) throw new Error(read.wrong)
  return openNotifier((read.value as EscalationSettings).channels.one!, { env, fetch: makeFetch({}) })
}

async function sent(channel: Record<string, unknown>, env?: Record<string, string>) {
  const clock = aClock()
  const notifier = await open(channel, env)
  const delivery = await notifier.send(notice, clock, new AbortController().signal)
  expect(JSON.stringify(delivery)).not.toContain(canary)
  return { delivery, slept: clock.slept, notifier }
}

type Given = readonly [channel: Record<string, unknown>, env?: Record<string, string>]

const kinds: Record<'slack' | 'pagerduty' | 'opsgenie', (url: string) => Given> = {
  slack: (url: string) => [{ kind: 'slack', urlEnv: 'HOOK', timeout: '5s' }, { HOOK: `${url}/services/${canary}` }],
  pagerduty: (url: string) => [{ kind: 'pagerduty', keyEnv: 'SECRET', tokenEnv: 'SECRET', url, api: url, timeout: '5s' }],
  opsgenie: (url: string) => [{ kind: 'opsgenie', keyEnv: 'SECRET', url, timeout: '5s' }],
}
const http = Object.entries(kinds)

test.each(http)('%s takes it at once, and the dry run showed exactly that without its secret', async (_kind, channel) => {
  const server = await smallServer(() => ({ status: 202, body: { status: 'success', result: 'ok' } }))
  const { delivery, notifier } = await sent(...channel(server.url))
  expect(delivery).toMatchObject({ outcome: 'accepted', tries: [{ outcome: 'accepted' }] })
  const [heard] = server.heard
  const preview = await notifier.preview(notice)
  expect(preview).not.toContain(canary)
  const body = JSON.parse(preview.slice(preview.indexOf('\n\n')))
  const really = JSON.parse(heard!.body)
  expect({ ...really, routing_key: undefined }).toEqual({ ...body, routing_key: undefined })
  expect(heard?.headers['content-type']).toBe('application/json')
})

test('each service is given its secret where it wants it, and the dedup key', async () => {
  const server = await smallServer(() => ({ status: 202, body: {} }))
  for (const [, channel] of http) await sent(...channel(server.url))
  const [slack, pagerduty, opsgenie] = server.heard
  expect(slack?.path).toBe(`/services/${canary}`)
  expect(JSON.parse(slack!.body).text).toContain('&lt;!channel&gt; &amp; co')
  expect(pagerduty?.path).toBe('/v2/enqueue')
  expect(JSON.parse(pagerduty!.body)).toMatchObject({
    routing_key: canary,
    event_action: 'trigger',
    dedup_key: notice.dedupKey,
    payload: { severity: 'critical', source: 'shop/checkout' },
  })
  expect(opsgenie?.headers.authorization).toBe(`GenieKey ${canary}`)
  expect(JSON.parse(opsgenie!.body)).toMatchObject({ alias: notice.dedupKey, priority: 'P1' })
})

test.each(http)('%s that refuses is not asked again, and its words are passed on', async (_kind, channel) => {
  const server = await smallServer(() => ({ status: 400, body: { message: `invalid key ${canary}` } }))
  const { delivery } = await sent(...channel(server.url))
  expect(delivery.outcome).toBe('refused')
  expect(delivery.said).toMatch(/answered 400/)
  expect(server.heard).toHaveLength(1)
})

test.each(http)('%s that asks for patience is given it', async (_kind, channel) => {
  const server = await smallServer(
    (_, count): Answer => (count < 3 ? { status: 429, headers: { 'retry-after': '2' } } : { status: 202, body: {} }),
  )
  const { delivery, slept } = await sent(...channel(server.url))
  expect(delivery).toMatchObject({ outcome: 'accepted', tries: [{ outcome: 'failed' }, { outcome: 'failed' }, { outcome: 'accepted' }] })
  expect(slept).toEqual([2000, 2000])
})

test.each(http)('%s that asks for more patience than there is time is left at once', async (_kind, channel) => {
  const server = await smallServer(() => ({ status: 429, headers: { 'retry-after': '120' } }))
  const { delivery, slept } = await sent(...channel(server.url))
  expect(delivery).toMatchObject({
    outcome: 'failed',
    said: expect.stringContaining('it asks to wait 120 s, which is longer than this may take'),
  })
  expect([server.heard.length, slept]).toEqual([1, []])
})

test.each(http.flatMap(([kind, channel]) => (['cut', 'half', { status: 503 }] as const).map((answer) => [kind, answer, channel] as const)))(
  '%s that answers %j is asked again, a few times at most',
  async (_kind, answer, channel) => {
    const server = await smallServer((_, count): Answer => (count < 2 ? answer : { status: 202, body: {} }))
    expect((await sent(...channel(server.url))).delivery).toMatchObject({ outcome: 'accepted', tries: [{ outcome: 'failed' }, {}] })
    const dead = await smallServer(() => answer)
    const { delivery } = await sent(...channel(dead.url))
    expect([delivery.outcome, delivery.tries.length]).toEqual(['failed', 4])
  },
)

test('one that never answers is left when the time is over', async () => {
  const server = await smallServer(() => 'never')
  const [channel] = kinds.opsgenie(server.url)
  const { delivery } = await sent({ ...channel, timeout: '200ms' })
  expect(delivery).toMatchObject({ outcome: 'failed', said: expect.stringContaining('did not answer within the deadline') })
})

test('one that is not there is said by its address, and a secret that is not there before anything is sent', async () => {
  const { delivery } = await sent({ kind: 'opsgenie', keyEnv: 'SECRET', url: 'http://127.0.0.1:1', timeout: '2s' })
  expect(delivery).toMatchObject({ outcome: 'failed', said: expect.stringContaining('http://127.0.0.1:1 refused the connection') })
  const server = await smallServer(() => ({ status: 202 }))
  await expect(sent({ kind: 'opsgenie', keyEnv: 'NOT_SET', url: server.url })).rejects.toThrow('the variable NOT_SET is not set')
  await expect(sent({ kind: 'opsgenie', keyFile: '/nowhere/key', url: server.url })).rejects.toThrow('/nowhere/key cannot be read')
  expect(server.heard).toHaveLength(0)
})

test('a secret comes from a file', async () => {
  const file = path.join(aFolder(), 'key')
  writeFileSync(file, `${canary}\n`)
  const server = await smallServer(() => ({ status: 202, body: {} }))
  await sent({ kind: 'opsgenie', keyFile: file, url: server.url })
  expect(server.heard[0]?.headers.authorization).toBe(`GenieKey ${canary}`)
})

test('whether somebody has taken it on is read back from PagerDuty', async () => {
  const incidents = (status: string) => ({
    incidents: [
      {
        status,
        acknowledgements: status === 'acknowledged' ? [{ at: '2026-11-23T03:20:00Z', acknowledger: { summary: 'Lee Lead' } }] : [],
      },
    ],
  })
  let status = 'triggered'
  const server = await smallServer(() => ({ body: incidents(status) }))
  const notifier = await open(...kinds.pagerduty(server.url))
  const signal = new AbortController().signal
  expect(await notifier.acknowledgement?.(notice.dedupKey, signal)).toBeUndefined()
  status = 'acknowledged'
  expect(await notifier.acknowledgement?.(notice.dedupKey, signal)).toEqual({ by: 'Lee Lead', at: Date.parse('2026-11-23T03:20:00Z') })
  expect(server.heard[0]).toMatchObject({ path: '/incidents', headers: { authorization: `Token token=${canary}` } })
  expect(server.heard[0]?.query.get('incident_key')).toBe(notice.dedupKey)
})

test('whether somebody has taken it on is read back from Opsgenie, where an alert takes a moment to be there', async () => {
  const server = await smallServer(
    (_, count): Answer =>
      count === 1
        ? { status: 404, body: { message: 'not found' } }
        : { body: { data: { acknowledged: count > 2, updatedAt: '2026-11-23T03:20:00Z', report: { acknowledgedBy: 'lee@example.com' } } } },
  )
  const notifier = await open(...kinds.opsgenie(server.url))
  const ask = () => notifier.acknowledgement?.(notice.dedupKey, new AbortController().signal)
  expect([await ask(), await ask(), await ask()]).toEqual([
    undefined,
    undefined,
    { by: 'lee@example.com', at: Date.parse('2026-11-23T03:20:00Z') },
  ])
})

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-11-23T03:12:00Z')
  expect([
    retryAfter('7', now),
    retryAfter('Mon, 23 Nov 2026 03:12:30 GMT', now),
    retryAfter('Mon, 23 Nov 2026 03:00:00 GMT', now),
  ]).toEqual([7, 30, 0])
  expect([retryAfter(undefined, now), retryAfter('soon', now)]).toEqual([undefined, undefined])
})

/** A real mail server on this machine; what it takes is kept. */
async function mailServer(options: SMTPServerOptions) {
  const mails: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    logger: false,
    onData(stream, _session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      stream.on('end', () => {
        mails.push(text)
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { mails, channel: { kind: 'email', host: '127.0.0.1', port, tls: 'none', from: 'task-mcp@example.com', timeout: '5s' } }
}

test('a mail arrives with its subject, text and an id that stays the same', async () => {
  const server = await mailServer({})
  const { delivery, notifier } = await sent(server.channel)
  await sent(server.channel)
  expect(delivery).toMatchObject({ outcome: 'accepted', said: 'the mail server took it' })
  const [first = '', second = ''] = server.mails
  expect(first).toContain('Subject: L2 shop/checkout: the service is down for 12 min')
  expect(first).toContain('To: lead@example.com')
  expect(first).toContain('Since 03:12 UTC.')
  const id = /Message-ID: (\S+)/i
  expect(id.exec(first)?.[1]).toBe(id.exec(second)?.[1])
  expect(await notifier.preview(notice)).toContain(`Message-ID: ${id.exec(first)?.[1]}`)
})

test('a login is made with the password from its place, and a refused one is said without it', async () => {
  const logins: unknown[] = []
  const server = await mailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      logins.push([auth.username, auth.password])
      if (logins.length > 1) return done(new Error(`bad login ${auth.password}`))
      done(null, { user: 1 })
    },
  })
  const channel = { ...server.channel, username: 'pager', passwordEnv: 'SECRET' }
  expect((await sent(channel)).delivery.outcome).toBe('accepted')
  expect((await sent(channel)).delivery).toMatchObject({ outcome: 'refused', said: expect.stringMatching(/refused the login \(535\)$/) })
  expect(logins).toEqual([
    ['pager', canary],
    ['pager', canary],
  ])
})

test('a recipient that is refused for good is not tried again; one that is busy is', async () => {
  const answer = (code: number, message: string) => Object.assign(new Error(message), { responseCode: code })
  let asked = 0
  const server = await mailServer({ onRcptTo: (_address, _session, done) => done(++asked > 0 ? answer(550, 'no such mailbox') : null) })
  expect((await sent(server.channel)).delivery).toMatchObject({ outcome: 'refused', said: expect.stringContaining('550 no such mailbox') })
  expect(asked).toBe(1)
  let busy = 0
  const grey = await mailServer({ onRcptTo: (_address, _session, done) => done(++busy < 2 ? answer(451, 'try later') : null) })
  expect((await sent(grey.channel)).delivery).toMatchObject({
    outcome: 'accepted',
    tries: [{ outcome: 'failed' }, { outcome: 'accepted' }],
  })
})

test('a mail server that hangs up halfway, says nothing, or has no TLS', async () => {
  const raw = async (talk: (socket: net.Socket) => void) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      talk(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return {
      kind: 'email',
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      tls: 'none',
      from: 'a@example.com',
      timeout: '2s',
    }
  }
  const half = await raw((socket) => {
    socket.write('220 here\r\n')
    socket.once('data', () => socket.destroy())
  })
  expect((await sent(half)).delivery).toMatchObject({ outcome: 'failed', tries: [{}, {}, {}] })
  const silent = await raw(() => {})
  expect((await sent({ ...silent, timeout: '300ms' })).delivery.outcome).toBe('failed')
  const server = await mailServer({})
  expect((await sent({ ...server.channel, tls: 'starttls' })).delivery).toMatchObject({
    outcome: 'refused',
    said: expect.stringContaining('offers no TLS'),
  })
})

test('somebody without an address is a mistake in the settings', async () => {
  const server = await mailServer({})
  const notifier = await open(server.channel)
  const nobody = { ...notice, to: { name: 'Pager', reach: 'PagerDuty rota', level: 1 } }
  await expect(notifier.send(nobody, aClock(), new AbortController().signal)).rejects.toThrow(UsageError)
})

function program(text: string): string {
  const file = path.join(aFolder(), 'pager.mjs')
  writeFileSync(file, text)
  return file
}

test('a command is given the message on stdin and its words without a shell', async () => {
  const out = path.join(aFolder(), 'out')
  const file = program(
    `import fs from 'node:fs'; fs.writeFileSync(${JSON.stringify(out)}, process.argv.slice(2).join('|') + '\\n' + fs.readFileSync(0, 'utf8'))`,
  )
  const channel = { kind: 'command', argv: [process.execPath, file, '--to', '{reach}', '$(id) {name}'] }
  const { delivery, notifier } = await sent(channel)
  expect(delivery.outcome).toBe('accepted')
  const { readFileSync } = await import('node:fs')
  expect(readFileSync(out, 'utf8')).toBe(`--to|lead@example.com|$(id) Lee Lead\n${notice.subject}\n\n${notice.text}\n`)
  expect(await notifier.preview(notice)).toContain(`--to lead@example.com '$(id) Lee Lead'\n\n${notice.subject}`)
  const tricky = { ...notice, to: { ...notice.to, reach: '--exec=rm' } }
  await expect(notifier.send(tricky, aClock(), new AbortController().signal)).rejects.toThrow('would be read as an option')
})

test('a command that fails, that is busy, that hangs and that is not there', async () => {
  const fails = program("console.error('password=hunter2hunter2 rejected'); process.exit(3)")
  expect((await sent({ kind: 'command', argv: [process.execPath, fails] })).delivery).toMatchObject({
    outcome: 'refused',
    said: expect.stringMatching(/ended with 3: password=\[redacted\] rejected$/),
  })
  const busy = program('process.exit(75)')
  expect((await sent({ kind: 'command', argv: [process.execPath, busy] })).delivery).toMatchObject({
    outcome: 'failed',
    tries: [{}, {}, {}, {}],
  })
  const hangs = program('setInterval(() => {}, 1000)')
  expect((await sent({ kind: 'command', argv: [process.execPath, hangs], timeout: '300ms' })).delivery.outcome).toBe('failed')
  expect((await sent({ kind: 'command', argv: ['/nowhere/pager'] })).delivery).toMatchObject({
    outcome: 'refused',
    said: expect.stringContaining('there is no such program'),
  })
})

test('an interrupt ends it', async () => {
  const server = await smallServer(() => 'never')
  const stop = new AbortController()
  const notifier = await open(kinds.opsgenie(server.url)[0])
  const sending = notifier.send(notice, aClock(), stop.signal)
  setTimeout(() => stop.abort(), 50)
  await expect(sending).rejects.toThrow(/interrupted|aborted/)
})
