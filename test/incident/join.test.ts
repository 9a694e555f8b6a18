/** How commands join the time line by themselves, and what an incident can be opened from. */
import { describe, expect, test } from 'vitest'
import type { CommandEntry } from '../../src/commands/entry.ts'
import { commands as shipped } from '../../src/commands/index.ts'
import { UnreachableError } from '../../src/errors.ts'
import type { Alert } from '../../src/targets/ports.ts'
import { aShop } from '../actions/shop.ts'
import { aWorld, cli } from '../support/world.ts'
import { runbooks } from './a-team.ts'

interface Joined {
  type: string
  line: string
  exitCode: number
  said: string
  verdicts?: { verdict: string; causes: { code: string }[] }[]
  changes?: { outcome: string }[]
}

/** A command of these words that answers, fails or crashes. */
const entry = (usage: string, run: () => Promise<never>): CommandEntry => ({
  usage,
  summary: 'test',
  group: 'look',
  options: [],
  examples: [],
  load: async () => ({ run: run as never }),
})

const entriesOf = async (type: ReturnType<typeof cli>): Promise<Joined[]> =>
  JSON.parse((await type('incident', 'show', '--json')).out).entries
const commandsOf = async (type: ReturnType<typeof cli>) => (await entriesOf(type)).filter((one) => one.type === 'command')

describe('without an open incident', () => {
  test('a command looks once whether one is open, and does nothing more; help does not even look', async () => {
    const world = aWorld()
    const asked: string[] = []
    const files = {
      ...world.files,
      exists: async (file: string) => {
        asked.push(file)
        return world.files.exists(file)
      },
      append: async () => expect.fail('nothing is to be written'),
      write: async () => expect.fail('nothing is to be written'),
    }
    const type = cli({ ...world, files } as never)
    await type('--help')
    await type('config', '--help')
    expect(asked.filter((file) => file.includes('incident'))).toEqual([])
    await type('config', 'service.workload')
    expect(asked.filter((file) => file.includes('incident'))).toEqual(['/home/kim/.local/state/task-mcp/incident-open.json'])
  })
})

describe('with one open', () => {
  test('who, what, when, result: of answers, of complaints, of faults found and of bugs', async () => {
    const world = aWorld({ env: { USER: 'kim' } })
    const type = cli(world, [
      ...shipped,
      entry('breaks', async () => {
        throw new UnreachableError('the API server cannot be reached, password=hunter2-canary')
      }),
      entry('bug', async () => {
        throw new TypeError('x is not a function')
      }),
    ])
    await type('incident', 'start', 'slow')
    const out = await type('config', 'service.workload')
    expect(out).toMatchObject({ code: 0, out: 'task-mcp-http\n', err: '' })
    expect((await type('breaks')).code).toBe(5)
    expect((await type('bug')).code).toBe(1)
    expect((await type('config', '--nonsense')).code).toBe(2)
    const joined = await commandsOf(type)
    expect(joined).toMatchObject([
      { line: 'task-mcp config service.workload', exitCode: 0, said: 'task-mcp-http', by: 'kim', at: '2026-11-23T03:12:00.000Z' },
      { line: 'task-mcp breaks', exitCode: 5, said: 'the API server cannot be reached, password=[redacted]' },
      { line: 'task-mcp bug', exitCode: 1, said: 'x is not a function' },
    ])
  })

  test('credentials of a command line stay out', async () => {
    const type = cli(aWorld(), [...shipped, entry('look [words...]', async () => 0 as never)])
    await type('incident', 'start', 'slow')
    await type('look', 'https://kim:hunter2-canary@db.example/x', '--', 'token=hunter2-canary', '--password', 'hunter2-canary')
    const [joined] = await commandsOf(type)
    expect(joined!.line).toContain('task-mcp look')
    expect(JSON.stringify(joined)).not.toContain('hunter2-canary')
  })

  test('a diagnosis leaves its verdict, an action its change with its verification', async () => {
    const shop = aShop()
    const type = cli(shop.world)
    await type('incident', 'start', 'down')
    shop.release((deployment) => {
      deployment.spec.replicas = 0
    })
    await type('diagnose')
    await type('fix', '--yes')
    const [looked, fixed] = await commandsOf(type)
    expect(looked).toMatchObject({ exitCode: 3, verdicts: [{ verdict: 'faulty', causes: [{ code: 'scaled_to_zero' }] }] })
    expect(fixed).toMatchObject({
      exitCode: 0,
      verdicts: [{ verdict: 'faulty' }, { verdict: 'healthy' }],
      changes: [{ outcome: 'applied', verified: true }],
    })
    const { clock } = JSON.parse((await type('incident', 'status', '--json')).out)
    // The clock has seen that the service is up again and that a cause was found.
    expect(clock.ask.map(({ fact }: { fact: string }) => fact)).not.toContain('service_down')
  })

  test('a record that cannot be written is said, and changes nothing about the command', async () => {
    const world = aWorld()
    const broken = { full: false }
    const files = {
      ...world.files,
      append: async (file: string, text: string) => {
        if (broken.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
        return world.files.append(file, text)
      },
    }
    const type = cli({ ...world, files } as never)
    await type('incident', 'start', 'slow')
    broken.full = true
    expect(await type('config', 'service.workload')).toMatchObject({
      code: 0,
      out: 'task-mcp-http\n',
      err: expect.stringContaining('this command did not join the incident: ENOSPC'),
    })
  })

  test('a file that no longer names an incident is said', async () => {
    const world = aWorld({ files: { '/home/kim/.local/state/task-mcp/incident-open.json': '{"id' } })
    const type = cli(world)
    expect(await type('config', 'service.workload')).toMatchObject({
      code: 0,
      err: expect.stringContaining('does not name an incident any more'),
    })
    expect((await type('incident', 'status')).code).toBe(2)
  })
})

describe('opened from', () => {
  const alert = (name: string, minutes: number, labels: Record<string, string> = {}): Alert => ({
    name,
    labels: { alertname: name, severity: 'critical', ...labels },
    annotations: { summary: `${name} in ${labels.namespace ?? 'nowhere'}` },
    startsAt: new Date(Date.parse('2026-11-23T03:12:00Z') - minutes * 60_000).toISOString(),
    state: 'active',
    fingerprint: `f${minutes}`,
  })
  const alerted = (...alerts: Alert[]) =>
    cli(
      aWorld({
        files: runbooks,
        env: { TASK_MCP_ALERTMANAGER_URL: 'http://alerts.example', TASK_MCP_NAMESPACE: 'shop' },
        targets: () => ({ alerts: async () => ({ where: 'alerts.example', alerts: async () => alerts }) }) as never,
      }),
    )

  test('an alert: its beginning is the onset, the one of this namespace is meant', async () => {
    const type = alerted(alert('HighErrors', 30, { namespace: 'other' }), alert('HighErrors', 9, { namespace: 'shop' }))
    expect((await type('incident', 'start', '--alert', 'HighErrors')).out).toContain('open for 9 min')
    const { incident, moments } = JSON.parse((await type('incident', 'status', '--json')).out)
    expect(incident).toMatchObject({
      title: 'HighErrors in shop',
      severity: 'sev2',
      from: 'alert',
      onset: '2026-11-23T03:03:00.000Z',
      alert: { fingerprint: 'f9' },
    })
    expect(moments.detected).toMatchObject({ afterSeconds: 0, how: 'alert HighErrors fires' })
    expect(moments.acknowledged).toMatchObject({ afterSeconds: 540 })
  })

  test('an alert that does not fire: what was meant, or what does', async () => {
    expect(await alerted(alert('HighErrors', 9)).call(null, 'incident', 'start', '--alert', 'HighError')).toMatchObject({
      code: 5,
      err: expect.stringContaining('did you mean HighErrors?'),
    })
    expect(await alerted().call(null, 'incident', 'start', '--alert', 'X')).toMatchObject({
      code: 5,
      err: expect.stringContaining('open it by hand'),
    })
  })

  test('the last verdict: its headline is the title, the oldest time it dates is the onset', async () => {
    const shop = aShop()
    const type = cli(shop.world)
    expect(await type('incident', 'start', '--from-diagnosis')).toMatchObject({
      code: 5,
      err: expect.stringContaining('no verdict was given on this machine yet'),
    })
    await shop.world.clock.sleep(600_000, shop.world.signal)
    shop.release((deployment) => {
      deployment.spec.replicas = 0
    })
    await type('diagnose')
    expect((await type('incident', 'start', '--from-diagnosis')).code).toBe(0)
    const { incident } = JSON.parse((await type('incident', 'status', '--json')).out)
    expect(incident).toMatchObject({
      from: 'diagnosis',
      severity: 'sev1',
      title: expect.stringContaining('scaled to 0'),
      service: { namespace: 'shop', workload: 'checkout' },
    })
  })

  test('a diagnosis made for it, of a service that is well: there is nothing to open', async () => {
    const type = cli(aShop().world)
    expect(await type('incident', 'start', '--from-diagnosis', 'service-downtime')).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing to open an incident for'),
    })
  })

  test('a hand, once: with a title, and not while one is open', async () => {
    const type = cli(aWorld({ files: runbooks }))
    expect(await type('incident', 'start')).toMatchObject({ code: 2, err: expect.stringContaining('needs a title') })
    expect((await type('incident', 'start', 'slow')).code).toBe(0)
    expect(await type('incident', 'start', 'slow again')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is open on this machine'),
    })
    expect((await type('incident', 'note', 'x'.repeat(5000))).code).toBe(2)
    expect((await type('incident', 'severity', 'sev9')).code).toBe(2)
    expect(await type('incident', 'note', 'x', '--fact', 'sevice_down')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean service_down?'),
    })
  })
})
