/** What a record promises, wherever it is kept: on one machine, in a ConfigMap, in PostgreSQL. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { main } from '../../src/cli.ts'
import { openStore } from '../../src/commands/incident-store.ts'
import { InterruptedError, MovedError } from '../../src/errors.ts'
import { aTeam } from './a-team.ts'

const kinds = ['none', 'configmap', ...(process.env.TEST_DATABASE_URL === undefined ? [] : (['postgresql'] as const))] as const
const sharedKinds = kinds.filter((kind) => kind !== 'none')

const idIn = (out: string) => /inc-\d{8}-\d{4}-[a-z]{3}/.exec(out)![0]
type Shown = {
  incident: { status: string; severity: string; roles: { who: string }[] }
  entries: { id: string; by: string; text?: string; type: string }[]
  damage: { at: string; why: string }[]
  shared: { level: boolean } | null
}
const shown = (out: string) => JSON.parse(out) as Shown
const notes = ({ entries }: Shown) => entries.filter(({ type }) => type === 'note').map(({ text }) => text)

describe.each(kinds)('a record (%s)', (kind) => {
  test('keeps what is written, in order, with who and when', async () => {
    const team = await aTeam(kind)
    const { type, world } = team.machine('kim')
    expect((await type('incident', 'start', 'checkout answers 503', '--severity', 'sev1', '--onset', '14m')).code).toBe(0)
    for (const text of ['one', 'two']) {
      await world.clock.sleep(60_000, world.signal)
      expect((await type('incident', 'note', text)).code).toBe(0)
    }
    const { out } = await type('incident', 'show', '--json')
    expect(shown(out)).toMatchObject({
      incident: { status: 'open', severity: 'sev1', onset: '2026-11-23T02:58:00.000Z', people: ['kim'] },
      entries: [
        { type: 'start', by: 'kim', at: '2026-11-23T03:12:00.000Z' },
        { type: 'note', text: 'one', at: '2026-11-23T03:13:00.000Z' },
        { type: 'note', text: 'two', at: '2026-11-23T03:14:00.000Z' },
      ],
      damage: [],
    })
  })

  test('a line cut by a crash is named, what follows is kept, and nothing is written into it', async () => {
    const team = await aTeam(kind)
    const { type, world } = team.machine('kim')
    const id = idIn((await type('incident', 'start', 'slow')).out)
    await world.clock.sleep(1000, world.signal)
    await type('incident', 'note', 'before the crash')
    await world.clock.sleep(1000, world.signal)
    const file = `/home/kim/.local/state/task-mcp/incidents/${id}.jsonl`
    world.disk.set(file, world.disk.get(file)!.slice(0, -20))
    const after = await type('incident', 'note', 'after the crash')
    expect(after.err).toMatch(/careful: .*jsonl, line 2 \(\d+ bytes\) is damaged: cut off\n/)
    const { out } = await type('incident', 'show', '--json')
    expect(shown(out).damage).toMatchObject([{ at: 'line 2', why: 'cut off' }])
    // Where the record is shared, the cut entry comes back from there.
    expect(notes(shown(out))).toEqual(kind === 'none' ? ['after the crash'] : ['before the crash', 'after the crash'])
  })
})

describe.each(sharedKinds)('two engineers (%s)', (kind) => {
  test('see the same at once, and the second joins without being told the name', async () => {
    const team = await aTeam(kind)
    const [kim, ana] = [team.machine('kim'), team.machine('ana')]
    const id = idIn((await kim.type('incident', 'start', 'checkout answers 503')).out)
    const joined = await ana.type('incident', 'status')
    expect(joined.err).toContain(`joined ${id}, opened by kim`)
    expect(joined).toMatchObject({ code: 0, out: expect.stringContaining('L1 now') })
    await ana.type('incident', 'note', 'it is the database')
    await ana.type('incident', 'assign', 'ana')
    await kim.type('incident', 'severity', 'sev1')
    const [a, b] = [shown((await kim.type('incident', 'show', '--json')).out), shown((await ana.type('incident', 'show', '--json')).out)]
    expect(a).toEqual(b)
    expect(a).toMatchObject({
      incident: { severity: 'sev1', roles: [{ who: 'ana', role: 'lead' }], people: expect.arrayContaining(['kim', 'ana']) },
      shared: { level: true },
    })
  })

  test('both start for the same alert: it is one incident', async () => {
    const team = await aTeam(kind)
    const [kim, ana] = [team.machine('kim'), team.machine('ana')]
    const first = idIn((await kim.type('incident', 'start', 'checkout answers 503')).out)
    const { out } = await ana.type('incident', 'start', 'users cannot pay')
    expect(idIn(out)).toBe(first)
    expect(out).toContain('open already, by kim: joined')
    expect(notes(shown((await kim.type('incident', 'show', '--json')).out))).toEqual(['also reported: users cannot pay'])
  })

  test('twelve who write at once lose nothing', async () => {
    const team = await aTeam(kind)
    const kim = team.machine('kim')
    await kim.type('incident', 'start', 'busy')
    const others = Array.from({ length: 12 }, (_, index) => team.machine(`p${index}`))
    await Promise.all(others.map(({ type }) => type('incident', 'status')))
    const codes = await Promise.all(others.map(({ type }, index) => type('incident', 'note', `note ${index}`)))
    expect(codes.map(({ code, err }) => [code, err])).toEqual(codes.map(() => [0, '']))
    const all = shown((await kim.type('incident', 'show', '--json')).out)
    expect(notes(all).sort()).toEqual(others.map((_, index) => `note ${index}`).sort())
  })

  test('what was written offline is merged by time when the record can be reached again', async () => {
    const team = await aTeam(kind)
    const [kim, ana] = [team.machine('kim'), team.machine('ana')]
    await kim.type('incident', 'start', 'checkout answers 503')
    await ana.type('incident', 'status')
    ana.network.up = false
    await ana.world.clock.sleep(60_000, ana.world.signal)
    const offline = await ana.type('incident', 'note', 'in the train')
    expect(offline).toMatchObject({ code: 0, err: expect.stringContaining('kept on this machine, not shared yet') })
    await kim.world.clock.sleep(120_000, kim.world.signal)
    await kim.type('incident', 'note', 'at the desk')
    expect(notes(shown((await kim.type('incident', 'show', '--json')).out))).toEqual(['at the desk'])
    expect((await ana.type('incident', 'sync')).code).toBe(5)
    ana.network.up = true
    const synced = await ana.type('incident', 'sync')
    expect(synced).toMatchObject({ code: 0, out: expect.stringContaining('1 entry sent, 1 received') })
    for (const { type } of [kim, ana])
      expect(notes(shown((await type('incident', 'show', '--json')).out))).toEqual(['in the train', 'at the desk'])
    expect((await ana.type('incident', 'sync')).out).toContain('0 entries sent, 0 received')
  })

  test('one resolves, and the commands of the other join it no longer', async () => {
    const team = await aTeam(kind)
    const [kim, ana] = [team.machine('kim'), team.machine('ana')]
    await kim.type('incident', 'start', 'slow')
    await ana.type('incident', 'status')
    await ana.type('incident', 'resolve', 'it went away')
    expect((await kim.type('incident', 'status')).err).toContain('was resolved by ana: commands join it no longer')
    await kim.type('config', 'service.workload')
    const all = shown((await kim.type('incident', 'show', '--json')).out)
    expect(all.incident.status).toBe('resolved')
    expect(all.entries.map(({ type }) => type)).not.toContain('command')
  })
})

describe('the ConfigMap', () => {
  test('is tried again when somebody else was first, by its resourceVersion', async () => {
    const team = await aTeam('configmap')
    const kim = team.machine('kim')
    await kim.type('incident', 'start', 'slow')
    let refused = 0
    team.cluster.beforeWrite = () => {
      if (refused++ < 3) throw new MovedError('the object has been modified')
    }
    expect(await kim.type('incident', 'note', 'again')).toMatchObject({ code: 0, err: '' })
    expect(refused).toBe(4)
    const [map] = team.cluster.all('configmaps')
    expect(Object.values(map!.data!).filter((text) => text.includes('again'))).toHaveLength(1)
    const patch = team.cluster.writes.at(-1)!
    expect(patch).toMatchObject({ verb: 'patch', fieldManager: 'task-mcp', body: { metadata: { resourceVersion: expect.any(String) } } })
  })

  test('that is full says its bound, and the entry is kept here', async () => {
    const team = await aTeam('configmap')
    const kim = team.machine('kim')
    const id = idIn((await kim.type('incident', 'start', 'long')).out)
    const map = team.cluster.one('configmaps', 'shop', `task-mcp-${id}`)
    team.cluster.put('configmaps', { ...map, data: { ...map.data, filler: 'x'.repeat(699_000) } })
    const { code, err } = await kim.type('incident', 'note', 'y'.repeat(1500))
    expect(code).toBe(0)
    expect(err).toMatch(/is full: 2 entries in \d+ bytes, and it takes 700000/)
    expect(notes(shown((await kim.type('incident', 'show', '--json')).out))).toHaveLength(1)
    // What others wrote before is still read.
    expect((await team.machine('ana').type('incident', 'status')).err).toContain(`joined ${id}, opened by kim`)
  })

  test('with an entry that somebody edited: the damage is named by its key', async () => {
    const team = await aTeam('configmap')
    const kim = team.machine('kim')
    const id = idIn((await kim.type('incident', 'start', 'slow')).out)
    const map = team.cluster.one('configmaps', 'shop', `task-mcp-${id}`)
    team.cluster.put('configmaps', { ...map, data: { ...map.data, 'by-hand': '{"id": "by-hand"' } })
    const { out, err } = await team.machine('ana').type('incident', 'show', '--json')
    expect(err).toContain('ConfigMaps of namespace shop, key by-hand (16 bytes) is damaged: not an entry of this incident')
    expect(shown(out).entries).toHaveLength(1)
  })

  test('that may not be written says the rule that would allow it, and everything goes on here', async () => {
    const team = await aTeam('configmap')
    const kim = team.machine('kim')
    team.cluster.denied.add('create configmaps')
    const { code, err } = await kim.type('incident', 'start', 'slow')
    expect(code).toBe(0)
    expect(err).toContain('not shared yet: jo may not create configmaps')
    expect(err).toContain('a Role rule for create configmaps would allow it')
    expect((await kim.type('incident', 'show', '--json')).code).toBe(0)
  })
})

test('a shared record that does not answer is waited for so long and no longer', async () => {
  const team = await aTeam('configmap')
  const { world } = team.machine('kim')
  team.cluster.get = (_resource, _ref, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const store = await openStore(world, { shared: 'configmap', namespace: 'shop' }, 20)
  const [entry] = await store.add('inc-1', [{ type: 'note', text: 'kept' }])
  expect(world.stderr()).toMatch(/kept on this machine, not shared yet: no answer within 0 s/)
  expect((await store.read('inc-1')).entries).toEqual([entry])
})

test('a command stopped by Ctrl-C is on the time line, and waits for nobody', async () => {
  const team = await aTeam('configmap')
  const { world, type } = team.machine('kim')
  await type('incident', 'start', 'slow')
  const stop = new AbortController()
  const run = async () => {
    stop.abort(new InterruptedError())
    throw stop.signal.reason
  }
  const stopped = { usage: 'hang', summary: 'test', group: 'look', options: [], examples: [], load: async () => ({ run }) }
  const requests = team.cluster.stats.requests
  await main(['hang'], { ...world, signal: stop.signal }, [stopped as never])
  expect(team.cluster.stats.requests).toBe(requests)
  const { entries } = shown((await type('incident', 'show', '--json')).out)
  expect(entries.at(-1)).toMatchObject({ type: 'command', line: 'task-mcp hang', by: 'kim', exitCode: 130 })
})

test('a name that would be another file is refused, whoever gives it', async () => {
  const team = await aTeam('configmap')
  const { type, world } = team.machine('kim')
  const metadata = { name: 'task-mcp-../../../.profile', namespace: 'shop', labels: { 'task-mcp/record': 'incident' } }
  team.cluster.put('configmaps', { metadata, data: {} })
  expect(await type('incident', 'list')).toMatchObject({ code: 0, out: 'no incident is known here\n' })
  expect(await type('incident', 'show', '../../.profile')).toMatchObject({
    code: 2,
    err: expect.stringContaining('is not the name of an incident'),
  })
  expect([...world.disk.keys()].filter((file) => file.includes('profile'))).toEqual([])
})

test('the Role for the shared record grants what it asks for, and nothing else', async () => {
  const team = await aTeam('configmap')
  const asked = new Set<string>()
  for (const verb of ['get', 'list', 'create', 'patch'] as const) {
    const method = team.cluster[verb].bind(team.cluster) as (...args: unknown[]) => unknown
    Object.assign(team.cluster, {
      [verb]: (what: string | { resource: string }, ...rest: unknown[]) => {
        asked.add(`${verb} ${typeof what === 'string' ? what : what.resource}`)
        return method(what, ...rest)
      },
    })
  }
  const [kim, ana] = [team.machine('kim'), team.machine('ana')]
  await kim.type('incident', 'start', 'slow')
  await ana.type('incident', 'status')
  await ana.type('incident', 'note', 'seen')
  const role = parseAllDocuments(readFileSync(new URL('../../deploy/rbac/namespace/incident.yaml', import.meta.url), 'utf8'))[0]!.toJS()
  const granted = role.rules.flatMap((rule: { resources: string[]; verbs: string[] }) =>
    rule.resources.flatMap((what) => rule.verbs.map((verb) => `${verb} ${what}`)),
  )
  expect([...asked].sort()).toEqual(granted.sort())
})
