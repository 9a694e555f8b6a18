/** After an incident: the form, and its action items on a real MCP server. */
import { expect, test } from 'vitest'
import { UnreachableError } from '../../src/errors.ts'
import { McpSession, mcpByUrl } from '../../src/facts/mcp-session.ts'
import { parts } from '../../src/incident/postmortem.ts'
import { makeFetch } from '../../src/targets/service.ts'
import { aServer } from '../server/a-server.ts'
import { aWorld, cli } from '../support/world.ts'

const canary = 'hunter2-canary'

/** Kim and Ana had an incident, which is over. */
async function over(files: Record<string, string> = {}) {
  const fetch = makeFetch({})
  const unseen = async () => Promise.reject(new UnreachableError('no cluster here'))
  const world = aWorld({
    env: { USER: 'kim', TASK_MCP_NAMESPACE: 'shop', TASK_MCP_WORKLOAD: 'tasks' },
    files,
    targets: () => ({ cluster: unseen, writer: unseen, metrics: unseen, fetch }) as never,
  })
  const type = cli(world)
  const wait = (minutes: number) => world.clock.sleep(minutes * 60_000, world.signal)
  await type('incident', 'start', 'checkout answers 503', '--onset', '12m')
  await wait(1)
  await type('incident', 'assign', 'ana')
  await wait(1)
  await type('incident', 'note', 'ana restarted the cache', '--mark', 'did-not-help')
  await wait(10)
  await type('incident', 'resolve', 'kim rolled back')
  return { world, type, wait }
}

test('has every section of the process after an incident, with its deadline, and no names', async () => {
  const { type } = await over()
  const { code, out } = await type('incident', 'postmortem')
  expect(code).toBe(0)
  for (const { name, sections } of parts) {
    expect(out).toContain(`## ${name}\n`)
    for (const section of sections) expect(out).toContain(`### ${section}\n`)
  }
  // Resolved at 03:24 on the 23rd: a day, two days and a week after.
  for (const due of ['Due 2026-11-24 03:24:00 UTC.', 'Due 2026-11-25 03:24:00 UTC.', 'Due 2026-11-30 03:24:00 UTC.'])
    expect(out).toContain(due)
  expect(out).not.toMatch(/\b(kim|ana)\b/)
  expect(out).toContain('the lead restarted the cache')
  expect(out).toContain('It was noticed 12 min after it began.')
  const file = new URL('../golden/incident/postmortem.md', import.meta.url).pathname
  await expect(out.replace(/(inc-\d{8}-\d{4})-[a-z]{3}/g, '$1-xyz')).toMatchFileSnapshot(file)
})

test('a deadline that is past is said', async () => {
  const { type, wait } = await over()
  await wait(30 * 60)
  const { deadlines } = JSON.parse((await type('incident', 'postmortem', '--json')).out)
  expect(deadlines.map(({ late }: { late: boolean }) => late)).toEqual([true, false, false])
})

test('action items are tasks of the server, made once, and read back when they are done', async () => {
  const server = await aServer({ tokens: 'ops=right-token' })
  const { type, world } = await over({ '/project/token': 'right-token' })
  ;(world.env as Record<string, string>).TASK_MCP_MCP_TOKEN_FILE = '/project/token'
  const url = `${server.url}`
  const added = await type(
    'incident',
    'postmortem',
    '--add',
    'alert on missing replicas',
    '--owner',
    'kim',
    '--due',
    '2026-12-01',
    '--url',
    url,
  )
  expect(added).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^alert on missing replicas \(kim, by 2026-12-01\): task task_\w+\n$/),
  })
  expect((await type('incident', 'postmortem', '--keep', '--url', url)).code).toBe(0)
  const id = /task_\w+/.exec(added.out)![0]
  const before = JSON.parse((await type('incident', 'postmortem', '--json', '--url', url)).out)
  expect(before.items).toMatchObject([
    { text: 'alert on missing replicas', owner: 'kim', due: '2026-12-01', task: id, state: 'open', late: false },
  ])
  const { signal } = new AbortController()
  const session = new McpSession(mcpByUrl(url, 'right-token', makeFetch({})))
  await session.initialize({ name: 'test', version: '1' }, signal)
  const { tasks } = (await session.call('list_tasks', { labels: ['incident', 'owner:kim'] }, signal)) as {
    tasks: { id: string; dueAt: string }[]
  }
  expect(tasks).toMatchObject([{ id, dueAt: expect.stringContaining('2026-12-01') }])
  await session.call('complete_task', { id }, signal)
  const after = JSON.parse((await type('incident', 'postmortem', '--json', '--url', url)).out)
  expect(after.items).toMatchObject([{ task: id, state: 'completed' }])
})

test('without the server an item stays in the record, and is kept later', async () => {
  const { type } = await over()
  const added = await type('incident', 'postmortem', '--add', 'write the runbook', '--owner', 'ana', '--url', 'http://127.0.0.1:9/mcp')
  expect(added).toMatchObject({ code: 5, out: 'write the runbook (ana, by 2026-11-30): in the record, not a task yet\n' })
  expect(added.err).toMatch(/1 item could not be kept as a task: .*\n {2}.*task-mcp incident postmortem inc-\S+ --keep/)
  const server = await aServer()
  expect(await type('incident', 'postmortem', '--keep', '--url', server.url)).toMatchObject({
    code: 0,
    out: expect.stringContaining('task task_'),
  })
})

test('items as CSV and as issues, without a formula and without a credential', async () => {
  const { type } = await over()
  for (const text of ['=HYPERLINK("http://evil")', `rotate the key, it was token=${canary}`])
    await type('incident', 'postmortem', '--add', text, '--owner', 'kim', '--due', '2026-12-01', '--url', 'http://127.0.0.1:9/mcp')
  const csv = (await type('incident', 'postmortem', '--export', 'csv')).out
  expect(csv.split('\r\n')[0]).toBe('incident,item,what,owner,due,state,task')
  expect(csv).toContain(`"'=HYPERLINK(""http://evil"")",kim,2026-12-01,not kept,`)
  const issues = (await type('incident', 'postmortem', '--export', 'issues')).out
  expect(issues.match(/^Title: /gm)).toHaveLength(2)
  expect(issues).toContain('Assignee: kim\nDue: 2026-12-01\n')
  expect(csv + issues).not.toContain(canary)
})

test('an item needs an owner, and a time that can be read', async () => {
  const { type } = await over()
  expect(await type('incident', 'postmortem', '--add', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('--owner kim') })
  expect(await type('incident', 'postmortem', '--add', 'x', '--owner', 'kim', '--due', 'soon')).toMatchObject({ code: 2 })
  expect(await type('incident', 'postmortem', '--owner', 'kim')).toMatchObject({ code: 2, err: expect.stringContaining('--add') })
})
