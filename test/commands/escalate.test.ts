import { expect, test } from 'vitest'
import { InterruptedError, UnreachableError } from '../../src/errors.ts'
import type { Settings } from '../../src/settings.ts'
import { openNotifier } from '../../src/targets/notify.ts'
import { makeFetch } from '../../src/targets/service.ts'
import { shippedFiles } from '../runbook/books.ts'
import { aWorld, cli } from '../support/world.ts'
import { type Answer, type Heard, smallServer } from '../targets/small-server.ts'

const canary = 'canary-7Qx9LmT2vBz4'
const now = Date.parse('2026-11-23T03:38:00Z')

const schedule = `
people:
  ana: { name: Ana, reach: ana@example.com }
layers: [{ name: week, people: [ana, ben], start: 2026-11-16T09:00, every: weekly }]
`

/** A team with a pager, a chat room and mail, whose services answer as `answer` says. */
async function aTeam(
  answer: (heard: Heard, count: number) => Answer = () => ({ status: 202, body: {} }),
  options: { answers?: (boolean | string)[]; yaml?: string; signal?: AbortSignal } = {},
) {
  const server = await smallServer(answer)
  const yaml =
    options.yaml ??
    `
service: { namespace: shop, workload: checkout }
escalation:
  timeZone: Europe/Berlin
  channels:
    pager: { kind: pagerduty, keyEnv: PAGER_KEY, tokenEnv: PAGER_KEY, url: ${server.url}, api: ${server.url}, timeout: 3s }
    room: { kind: slack, urlEnv: ROOM, timeout: 3s }
    second: { kind: opsgenie, keyEnv: PAGER_KEY, url: ${server.url}, timeout: 3s }
  contacts:
    primary: { schedule: main, by: [pager] }
    secondary: { by: [second] }
    lead: { by: [pager, second] }
  schedules: { main: on-call.yaml }
  tell: [room]
`
  const env = { USER: 'kim', PAGER_KEY: canary, ROOM: `${server.url}/hook/${canary}` }
  const files = { ...shippedFiles(), '/project/task-mcp.yaml': yaml, '/project/on-call.yaml': schedule }
  const world = aWorld({
    env,
    files,
    now,
    ...(options.answers ? { answers: options.answers } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    targets: (_settings: Settings) =>
      ({
        cluster: async () => Promise.reject(new UnreachableError('the API server does not answer')),
        notifier: async (channel: Parameters<typeof openNotifier>[0]) => openNotifier(channel, { env, fetch: makeFetch({}) }),
      }) as never,
  })
  const record = () =>
    (world.disk.get('/home/kim/.local/state/task-mcp/record.jsonl') ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { run: cli(world), world, server, record }
}

interface Page {
  routing_key: string
  dedup_key: string
  payload: { summary: string; severity: string; custom_details: { text: string } }
}
const paged = (heard: Heard) => JSON.parse(heard.body) as Page

test('contacts lists everybody, who is on call in the zone of the team, and the levels', async () => {
  const { run } = await aTeam()
  const { code, out } = await run('contacts')
  expect(code).toBe(0)
  await expect(out).toMatchFileSnapshot(new URL('../golden/contacts.txt', import.meta.url).pathname)
})

test('contacts for one team, at another time, and for a word that is nobody', async () => {
  const { run } = await aTeam()
  expect((await run('contacts', 'support')).out).toMatch(/^Support\n {2}infrastructure/)
  const later = JSON.parse((await run('contacts', 'primary', '--at', '2026-11-23T08:00:00Z', '--json')).out)
  expect(later.people).toMatchObject([{ id: 'primary', onCall: { name: 'ben', until: '2026-11-30T08:00:00.000Z', next: 'Ana' } }])
  expect(await run('contacts', 'primry')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean primary?') })
  expect((await run('contacts', 'primary', '--at', '2026-11-01T00:00:00Z')).code).toBe(3)
})

test('status says what is due and why, though the cluster does not answer', async () => {
  const { run } = await aTeam()
  const { code, out, err } = await run('escalate', 'status', '--onset', '26m', '--answer', 'service_down=no')
  expect(code).toBe(3)
  expect(out).toContain('Seen: the service could not be looked at: the API server does not answer')
  expect(out).toContain('L1 now, 26 min late')
  expect(out).toContain('L2 in 4 min, at 04:42 GMT+1: the root cause is unknown for 26 min')
  expect(out).not.toContain('whether the service is down')
  expect(err).toContain('--answer critical_slo_violation=yes|no')
})

test('what somebody answers is due at once and is remembered', async () => {
  const { run } = await aTeam()
  await run('escalate', 'status', '--onset', '5m', '--answer', 'customer_data_breach=yes', '--no-look')
  const { out } = await run('escalate', 'status', '--no-look')
  expect(out).toContain('(of the last call about it)')
  expect(out).toMatch(/L4 now: data of customers may have leaked \(executives: executives\)/)
  expect(await run('escalate', 'status', '--answer', 'data_leak=yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('customer_data_breach'),
  })
})

test('guided: every open question is asked, and "not known" stays open', async () => {
  const { run } = await aTeam(undefined, { answers: ['no', 'yes', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'] })
  const { out } = await run('escalate', 'status', '--onset', '5m', '--no-look', '--ask')
  expect(out).toMatch(/L2 now: an SLO is violated critically/)
  expect(out).toContain('Not known: whether this is a security incident')
})

test('a dry run shows what would be sent to whom, and sends nothing', async () => {
  const { run, server, record } = await aTeam()
  const { code, out } = await run('escalate', '--dry-run', '--onset', '26m', '--message', 'checkout times out, password=hunter2hunter2')
  expect(code).toBe(0)
  expect(out).toContain('Ana (Primary on-call) by pager: would be sent')
  expect(out).toContain('"routing_key": "(hidden)"')
  expect(out).toContain('Secondary on-call by second: would be sent')
  expect(out).toContain('everybody by room: would be sent')
  expect(out).toContain('checkout times out, password=[redacted]')
  expect(out).not.toMatch(/canary|hunter2/)
  expect([server.heard.length, record().length]).toEqual([0, 0])
})

test('the one on call is paged with the four things that a handover says; the room hears of it', async () => {
  const { run, server, record, world } = await aTeam()
  const { code, out } = await run('escalate', '--yes', '--onset', '12m', '--answer', 'service_down=yes', '--message', 'everything is red')
  expect(code).toBe(0)
  expect(out).toContain('Ana (Primary on-call) was told by pager')
  const [page, room] = server.heard
  expect(paged(page!)).toMatchObject({
    routing_key: canary,
    dedup_key: 'task-mcp/current/shop/checkout/2026-11-23T03:26:00Z/L1',
    payload: { summary: 'L1 shop/checkout: everything is red', severity: 'error' },
  })
  const { text } = paged(page!).payload.custom_details
  for (const said of ['Since: 04:26 GMT+1 (12 min ago)', 'What is seen:', 'Tried: nothing', 'Not known: whether'])
    expect(text).toContain(said)
  expect(room?.path).toBe(`/hook/${canary}`)
  expect(record()).toMatchObject([
    { type: 'said', fact: 'service_down', holds: true },
    { type: 'notified', level: 1, contact: 'primary', channel: 'pager', outcome: 'accepted', by: 'kim' },
    { type: 'notified', contact: 'everybody', channel: 'room', outcome: 'accepted' },
  ])
  expect(JSON.stringify([...world.disk].filter(([file]) => file.includes('.local')))).not.toContain(canary)
})

test('somebody who cannot be reached is said, and the next contact is tried', async () => {
  const { run, server, record } = await aTeam((heard) =>
    heard.path === '/v2/enqueue' ? { status: 400, body: { message: 'invalid' } } : { status: 202, body: {} },
  )
  const { code, out, err } = await run('escalate', '1', '--yes', '--no-look')
  expect(code).toBe(0)
  expect(err).toContain('primary by pager: ')
  expect(err).toContain('primary could not be reached; trying the next')
  expect(out).toContain('Secondary on-call was told by second')
  expect(server.heard.map((heard) => heard.path)).toEqual(['/v2/enqueue', '/v2/alerts', `/hook/${canary}`])
  expect(record().map((line) => [line.contact, line.outcome])).toEqual([
    ['primary', 'refused'],
    ['secondary', 'accepted'],
    ['everybody', 'accepted'],
  ])
})

test('when nobody can be reached it says whom to call by hand', async () => {
  const { run } = await aTeam(() => ({ status: 503 }))
  const { code, out } = await run('escalate', '2', '--yes', '--no-look')
  expect(code).toBe(5)
  expect(out).toContain('nobody was reached: call by hand: Engineering lead')
  expect(out).toMatch(/Engineering lead by pager: .* after \d tries/)
})

test('a second escalation of a level reaches the one who was not called yet', async () => {
  const { run, server } = await aTeam()
  await run('escalate', '1', '--yes', '--no-look')
  await run('escalate', '1', '--yes', '--no-look')
  expect(server.heard.map((heard) => heard.path).filter((path) => !path.startsWith('/hook'))).toEqual(['/v2/enqueue', '/v2/alerts'])
})

test('when the first of a level does not answer in their time, the next of it is due', async () => {
  const { run, server, world } = await aTeam((heard) =>
    heard.method === 'GET' ? { body: { incidents: [], data: {} } } : { status: 202, body: {} },
  )
  await run('escalate', '1', '--yes', '--no-look', '--onset', '1m')
  const early = await run('escalate', 'status', '--no-look')
  expect(early.out).toContain('L1 secondary in 15 min, at 04:53 GMT+1: primary did not answer')
  expect(early.code).toBe(0)
  await world.clock.sleep(16 * 60_000, world.signal)
  expect(await run('escalate', 'status', '--no-look')).toMatchObject({
    code: 3,
    out: expect.stringContaining('L1 secondary now: primary did not answer for 16 min'),
  })
  expect((await run('escalate', '--yes', '--no-look')).out).toContain('Secondary on-call was told by second')
  expect(JSON.parse(server.heard.findLast((heard) => heard.path === '/v2/alerts')!.body).message).toContain(
    'primary did not answer for 16 min',
  )
})

test('--wait: who does not take it on is followed by the next; who does is kept', async () => {
  let asked = 0
  const { run, record } = await aTeam((heard) => {
    if (heard.path === '/incidents') return { body: { incidents: [{ status: 'triggered' }] } }
    if (heard.method === 'GET') return { body: { data: { acknowledged: ++asked > 2, report: { acknowledgedBy: 'sam@example.com' } } } }
    return { status: 202, body: {} }
  })
  const { code, out, err } = await run('escalate', '1', '--yes', '--no-look', '--wait', '1m')
  expect(err).toContain('primary has not answered; trying the next')
  expect([code, out.includes('sam@example.com has taken it on')]).toEqual([0, true])
  expect(record().map((line) => line.type)).toEqual(['notified', 'notified', 'acknowledged', 'notified'])
  expect((await run('escalate', 'status', '--no-look')).out).toMatch(/L1 secondary: called, answered at 04:\d\d GMT\+1/)
})

test('--wait without an answer from anybody is 6', async () => {
  const { run } = await aTeam((heard) => (heard.method === 'GET' ? { body: { data: {} } } : { status: 202, body: {} }))
  expect(await run('escalate', '2', '--yes', '--no-look', '--wait', '30s')).toMatchObject({
    code: 6,
    out: expect.stringContaining('nobody has taken it on within 30 s'),
  })
})

test('status reads back who has taken it on, or takes somebody’s word', async () => {
  const { run } = await aTeam((heard) =>
    heard.path === '/incidents'
      ? {
          body: {
            incidents: [{ status: 'acknowledged', acknowledgements: [{ at: '2026-11-23T03:37:00Z', acknowledger: { summary: 'Ana' } }] }],
          },
        }
      : { status: 202, body: {} },
  )
  await run('escalate', '1', '--yes', '--no-look', '--onset', '10m')
  expect((await run('escalate', 'status', '--no-look')).out).toContain('L1 primary: called, answered at 04:37 GMT+1')
  await run('escalate', '2', '--to', 'secondary', '--yes', '--no-look')
  expect((await run('escalate', 'status', '--no-look', '--answered', 'secondary')).out).toContain('L2 secondary: called, answered')
  expect((await run('escalate', 'status', '--no-look', '--answered', 'database')).code).toBe(2)
})

test('nobody is called without consent', async () => {
  const script = await aTeam()
  expect(await script.run('escalate', '1', '--no-look')).toMatchObject({ code: 7, out: expect.stringContaining('--yes is needed') })
  const person = await aTeam(undefined, { answers: [false] })
  const { code, err } = await person.run('escalate', '1', '--no-look')
  expect([code, err.includes('Call level 1, On-call engineer: Ana (Primary on-call), then Secondary on-call?')]).toEqual([7, true])
  expect([script.server.heard.length, person.server.heard.length]).toEqual([0, 0])
})

test('without any channel it says whom to call by hand and what to set', async () => {
  const { run } = await aTeam(undefined, { yaml: 'service: { namespace: shop, workload: checkout }\n' })
  const { code, err } = await run('escalate', '1', '--yes', '--no-look')
  expect(code).toBe(5)
  expect(err).toContain('call by hand: Primary on-call, oncall@example.com; Secondary on-call')
  expect(err).toContain('escalation.channels')
})

test('when nobody is due it says so, and calls nobody', async () => {
  const { run, server } = await aTeam()
  await run('escalate', '1', '--yes', '--no-look', '--onset', '5m')
  const before = server.heard.length
  expect(await run('escalate', '--yes', '--no-look')).toMatchObject({
    code: 0,
    out: expect.stringContaining('nobody has to be called now'),
  })
  expect(server.heard).toHaveLength(before)
  expect((await run('escalate', '7', '--no-look')).err).toContain('there is no level "7"')
})

test('with an open incident its onset counts, and calls, answers and failures are in its time line', async () => {
  const { run, world } = await aTeam((heard) => (heard.path === '/v2/enqueue' ? { status: 400, body: {} } : { status: 202, body: {} }))
  const { newEntry } = await import('../../src/incident/entry.ts')
  const { lineOf } = await import('../../src/incident/log.ts')
  const id = 'inc-20261123-0312-bcd'
  const service = { namespace: 'shop', kind: 'Deployment', workload: 'checkout' }
  const onset = '2026-11-23T03:12:00.000Z'
  const start = newEntry(
    { type: 'start', title: 'checkout', severity: 'sev1', onset, detectedAt: onset, from: 'hand', service },
    { incident: id, now: Date.parse(onset), by: 'kim' },
  )
  const state = '/home/kim/.local/state/task-mcp'
  world.disk.set(`${state}/incident-open.json`, JSON.stringify({ id, place: { shared: 'none', namespace: 'shop' } }))
  world.disk.set(`${state}/incidents/${id}.jsonl`, lineOf(start))
  expect((await run('escalate', 'status', '--no-look')).out).toContain(`since 04:12 GMT+1 (of incident ${id})`)
  await run('escalate', '1', '--yes', '--no-look', '--answer', 'security_incident=no')
  const told = world.disk.get(`${state}/incidents/${id}.jsonl`)!
  expect(told.split('\n').flatMap((line) => (line ? [JSON.parse(line).type] : []))).toEqual(['start', 'fact', 'note', 'call', 'note'])
  expect(told).toContain('could not reach Ana (Primary on-call) by pager')
  expect((await run('escalate', 'status', '--no-look')).out).toContain('L1 secondary: called, no answer yet')
})

test('an interrupt in the middle of a call is kept, for it may have arrived', async () => {
  const stop = new AbortController()
  const { run, record } = await aTeam(
    () => {
      stop.abort(new InterruptedError())
      return 'never'
    },
    { signal: stop.signal },
  )
  expect((await run('escalate', '1', '--yes', '--no-look')).code).toBe(130)
  expect(record()).toMatchObject([{ contact: 'primary', outcome: 'failed', said: 'interrupted while it was sent; it may have arrived' }])
})

test('what programs read keeps its schema, and has nothing secret in it', async () => {
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  const { readFileSync } = await import('node:fs')
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
  const valid = ajv.compile(JSON.parse(readFileSync(new URL('../../schemas/commands.schema.json', import.meta.url), 'utf8')))
  const { run } = await aTeam()
  for (const argv of [
    ['contacts'],
    ['escalate', '1', '--dry-run', '--no-look'],
    ['escalate', '1', '--yes', '--no-look'],
    ['escalate', 'status', '--no-look'],
    ['escalate', '--yes', '--no-look'],
  ]) {
    const { out } = await run(...argv, '--json')
    expect(out).not.toContain(canary)
    valid(JSON.parse(out))
    expect(valid.errors ?? []).toEqual([])
  }
})
