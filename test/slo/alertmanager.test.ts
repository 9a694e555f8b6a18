/** The shipped Alertmanager configuration: who is told what, and what a service that is down keeps quiet. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertRules } from '../../scripts/rule-cases/promtool.ts'
import type { RuleGroup } from '../../src/slo/rules.ts'
import { makeTargets } from '../../src/targets/index.ts'
import { aWorld, cli } from '../support/world.ts'
import { program, run } from './programs.ts'
import { freePort } from './prometheus.ts'

const file = 'deploy/alertmanager/alertmanager.yml'
const text = readFileSync(file, 'utf8')
const { groups }: { groups: RuleGroup[] } = parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8'))
const rules = alertRules(groups)
const amtool = program('amtool')
const alertmanager = program('alertmanager')

test('every alert that an inhibition names exists', () => {
  const { inhibit_rules }: { inhibit_rules: Record<'source_matchers' | 'target_matchers', string[]>[] } = parse(text)
  for (const matcher of inhibit_rules.flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers])) {
    const value = /^alertname =~? "?(.+?)"?$/.exec(matcher)![1]!
    for (const one of /^TaskMCP[^|]*\(.*\|TaskMCP/.test(value) ? value.split(/\|(?=TaskMCP)/) : [value])
      expect(rules.filter(({ alert }) => new RegExp(`^(?:${one})$`).test(alert)).length, one).toBeGreaterThan(0)
  }
})

test('no secret stands in it', () => {
  expect(text).not.toMatch(/hooks\.slack\.com|(key|password|api_url|token): /)
})

test.skipIf(!amtool).each([
  ['severity=critical', 'pagerduty,slack'],
  ['severity=warning', 'slack'],
  ['severity=ticket', 'email'],
  ['severity=warning category=security', 'security'],
  ['severity=critical category=security', 'security,pagerduty,slack'],
  ['severity=unheard-of', 'slack'],
])('%s goes to %s', { timeout: 60_000 }, (labels, receivers) => {
  expect(run(amtool!, ['config', 'routes', 'test', `--config.file=${file}`, ...labels.split(' ')], '.').said.trim()).toBe(receivers)
})

describe.skipIf(!alertmanager)('a real Alertmanager', { timeout: 120_000 }, () => {
  let folder = ''
  let url = ''
  let child: ChildProcess | undefined
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alertmanager-'))
    // Nobody is told anything: the same routes and inhibitions, with receivers that do nothing.
    const quiet = { ...parse(text), receivers: ['pagerduty', 'slack', 'email', 'security'].map((name) => ({ name })), global: {} }
    writeFileSync(join(folder, 'alertmanager.yml'), JSON.stringify(quiet))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    child = spawn(
      alertmanager!,
      [
        `--config.file=${folder}/alertmanager.yml`,
        `--storage.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    )
    for (let tries = 0; tries < 300; tries++) {
      if (
        await fetch(`${url}/-/ready`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('Alertmanager did not start')
  }, 120_000)
  afterAll(async () => {
    if (child) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
    rmSync(folder, { recursive: true })
  })

  const fire = async (...names: string[]) => {
    const alerts = names.map((name) => {
      const rule = rules.find(({ alert }) => alert === name)!
      return { labels: { alertname: name, ...rule.labels, slo: 'error-rate', instance: 'pod-a' }, annotations: rule.annotations }
    })
    await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts) })
  }
  const session = (...answers: boolean[]) =>
    cli(
      aWorld({
        now: Date.now(),
        env: { USER: 'jo' },
        files: { [resolve('deploy/prometheus/rules.yaml')]: readFileSync('deploy/prometheus/rules.yaml', 'utf8') },
        ...(answers.length > 0 ? { answers } : {}),
        targets: (settings) => makeTargets(settings, { env: {}, home: '/nowhere' }),
      }),
    )
  const say = (run_: ReturnType<typeof session>, ...argv: string[]) => run_('alerts', ...argv, '--alertmanager', url, '--timeout', '60s')

  test('nothing fires, then a service that is down says one thing', async () => {
    expect(await say(session())).toMatchObject({ code: 0, out: `no alert fires (${url})\n` })
    await fire(
      'TaskMCPHealthCheckFailure',
      'TaskMCPHighErrorRateFastBurn',
      'TaskMCPCriticalLatency',
      'TaskMCPSLOMetricAbsent',
      'TaskMCPHighMemoryUsage',
      'TaskMCPHighAuthFailureRate',
    )
    await expect
      .poll(async () => names((await say(session(), '--json')).out), { timeout: 60_000 })
      .toEqual(['TaskMCPHealthCheckFailure', 'TaskMCPHighAuthFailureRate', 'TaskMCPHighMemoryUsage'])
    const { out, code } = await say(session(), '--all')
    expect(code).toBe(3)
    expect(out.indexOf('TaskMCPHealthCheckFailure')).toBe(0)
    expect(out).toContain('held back because TaskMCPHealthCheckFailure fires')
    expect(out).toContain('task-mcp diagnose service-downtime')
  })

  test('an alert is explained: its rule, and its values where Prometheus can be asked', async () => {
    const { out, code, err } = await say(session(), 'explain', 'TaskMCPHighMemoryUsage', '--prometheus', 'http://127.0.0.1:1')
    expect(code).toBe(3)
    expect(out).toContain('fires 1 time')
    expect(out).toContain('> 0.85')
    expect(out).toContain('task-mcp diagnose memory-issues')
    expect(err).toContain('the values now are not known')
    expect((await say(session(), 'explain', 'TaskMCPHighMemoryUsag')).err).toContain('did you mean TaskMCPHighMemoryUsage?')
  })

  test('a silence is shown first, and written only after a yes', async () => {
    const silence = ['silence', 'TaskMCPHighMemoryUsage', 'instance=pod-a', '--for', '2h', '--comment', 'heap dump']
    expect((await say(session(false), ...silence)).code).toBe(7)
    expect((await say(session(), ...silence)).err).toContain('nobody is here to ask')
    const dry = await say(session(), ...silence, '--dry-run')
    expect(dry.err).toContain('TaskMCPHighMemoryUsage')
    expect(dry.out).toBe('nothing was silenced: a dry run\n')
    expect((await (await fetch(`${url}/api/v2/silences`)).json()) as unknown[]).toEqual([])
    const done = await say(session(true), ...silence)
    expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/^silenced as [0-9a-f-]{36}\n$/) })
    await expect.poll(async () => (await say(session(), '--all')).out, { timeout: 60_000 }).toMatch(/silenced until .+ by jo: heap dump/)
  })

  test('silences are listed with what they hold, and ended only after a yes', async () => {
    const listed = await say(session(), 'silences', '--json')
    const [silence] = (JSON.parse(listed.out) as { silences: { id: string; holds: { name: string }[] }[] }).silences
    expect(silence!.holds.map(({ name }) => name)).toEqual(['TaskMCPHighMemoryUsage'])
    expect((await say(session(), 'silences')).out).toMatch(
      /active, ends in .+\nSilence alertname="TaskMCPHighMemoryUsage" instance="pod-a"\n/,
    )
    expect((await say(session(false), 'expire', silence!.id)).code).toBe(7)
    expect((await say(session(), 'expire', silence!.id.slice(0, 6), '--dry-run')).out).toBe('nothing was ended: a dry run\n')
    expect(await say(session(true), 'expire', silence!.id.slice(0, 6))).toMatchObject({ code: 0, out: `ended ${silence!.id}\n` })
    await expect.poll(async () => (await say(session(), '--json')).out, { timeout: 60_000 }).toContain('TaskMCPHighMemoryUsage')
    expect((await say(session(), 'expire', silence!.id)).out).toBe('nothing to end: they had ended before\n')
    expect((await say(session(), 'silences')).out).toContain('nothing is silenced')
    expect(await say(session(), 'expire', 'nosuch')).toMatchObject({ code: 5, err: expect.stringContaining('has no silence nosuch') })
  })

  test('every answer in JSON is what the schema says', async () => {
    const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
      JSON.parse(readFileSync('schemas/alerts.schema.json', 'utf8')),
    )
    const silence = ['silence', 'TaskMCPHighMemoryUsage', '--for', '2h', '--comment', 'heap dump', '--json', '--yes']
    const { id } = JSON.parse((await say(session(), ...silence)).out) as { id: string }
    for (const argv of [
      ['--all'],
      ['explain', 'TaskMCPHighMemoryUsage', '--prometheus', 'http://127.0.0.1:1'],
      ['groups'],
      ['silences'],
      ['expire', id, '--dry-run'],
      ['expire', id, '--yes'],
      ['silence', 'TaskMCPHighMemoryUsage', '--for', '2h', '--comment', 'heap dump', '--dry-run'],
    ]) {
      const { out } = await say(session(), ...argv, '--json')
      expect(validate(JSON.parse(out)), `${argv.join(' ')}: ${JSON.stringify(validate.errors)}`).toBe(true)
    }
  })

  test('groups say who is told what', async () => {
    const { out, code } = await say(session(), 'groups')
    expect(code).toBe(3)
    expect(out).toMatch(/^security {2}.*\nAlerts {2}TaskMCPHighAuthFailureRate/m)
    const { groups } = JSON.parse((await say(session(), 'groups', '--json')).out) as { groups: { receiver: string }[] }
    expect(groups.map(({ receiver }) => receiver)).toContain('pagerduty')
  })
})

test.each([
  [['.'], 'is not a matcher'],
  [['alertname=~.*'], 'would silence every alert'],
  [['alertname=~.+'], 'would silence every alert'],
  [['severity!=critical'], 'would silence every alert'],
  [['alertname='], 'would silence every alert'],
  [['alertname=~('], 'is not a regular expression'],
  [['X'], 'a silence needs an end'],
  [['X', '--for', '30d'], 'a week at most'],
  [['X', '--for', '1h'], 'a silence needs a reason'],
  [['X', '--for', '1h', '--comment', 'y'], 'a silence needs an author'],
])('alerts silence %j is refused: %s', async (argv, message) => {
  const { code, err } = await cli(aWorld())('alerts', 'silence', ...argv)
  expect(err).toContain(message)
  expect(code).toBe(2)
})

function names(json: string): string[] {
  return (JSON.parse(json) as { alerts: { name: string }[] }).alerts.map(({ name }) => name).sort()
}
