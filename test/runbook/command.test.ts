import { expect, test } from 'vitest'
import { shelf } from '../../src/commands/runbook.ts'
import { shellWords } from '../../src/runbook/lint.ts'
import { aWorld, cli } from '../support/world.ts'
import { aText, shippedFiles } from './books.ts'

const world = (files: Record<string, string> = {}, env: Record<string, string> = {}) =>
  aWorld({ files: { ...shippedFiles(), ...files }, env })
const widest = (text: string): number =>
  Math.max(
    ...text
      .split('\n')
      .filter((line) => !/^\s+\S*(kubectl|task-mcp|curl|psql|jq|openssl|NAMESPACE=|SELECTOR=|sum|topk|max|hist)/.test(line))
      .map((line) => line.length),
  )

test('runbook list names each runbook and what it is for', async () => {
  const { code, out, err } = await cli(world())('runbook', 'list')
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('high-error-rate          More than one request in a hundred fails.')
  expect(widest(out)).toBeLessThanOrEqual(80)
})

test('runbook list --json has alerts and steps for a program', async () => {
  const { out } = await cli(world())('runbook', 'list', '--json')
  const found = (JSON.parse(out) as { name: string; alerts: string[]; steps: { id: string; kind: string }[] }[]).find(
    (book) => book.name === 'cpu-issues',
  )
  expect(found).toMatchObject({ alerts: ['TaskMCPHighCPUUsage'] })
  expect(found?.steps).toContainEqual({ id: 'profile', phase: 'troubleshooting', kind: 'action' })
})

test('runbook show prints the steps by phase, with the names of the settings filled in', async () => {
  const { code, out } = await cli(world({}, { TASK_MCP_NAMESPACE: 'market', TASK_MCP_WORKLOAD: 'shop', TASK_MCP_CONTAINER_PORT: '8080' }))(
    'runbook',
    'show',
    'service-downtime',
  )
  expect(code).toBe(0)
  expect(out).toContain('  NAMESPACE=market WORKLOAD=shop SERVICE=shop PORT=8080\n')
  expect(out.indexOf('Immediate (0-5 min)')).toBeLessThan(out.indexOf('Recovery (15+ min)'))
  expect(out).toContain('* Count the pods that are ready [check pods-ready]')
  expect(out).toContain('  Careful: The old runbook restarted first')
  expect(out).toContain('  Look at: with the cause known')
  expect(out).not.toContain('yaml step')
  expect(out.includes('\u001b')).toBe(false)
  expect(widest(out)).toBeLessThanOrEqual(80)
})

test('runbook show fits 60 columns', async () => {
  const narrow = world()
  Object.assign(narrow.terminal, { columns: 60 })
  const { out } = await cli(narrow)('runbook', 'show', 'high-error-rate')
  expect(widest(out)).toBeLessThanOrEqual(60)
})

test('runbook show escalation prints the people and the levels', async () => {
  const { out } = await cli(world())('runbook', 'show', 'escalation')
  expect(out).toContain('Level 1: On-call engineer, answers within 15 min')
  expect(out).toContain('hands over when the root cause is unknown for 30 min')
  expect(out).toMatch(/database +Database team, dba@example\.com/)
})

test('a word that is nearly the name of a runbook is answered with the name', async () => {
  expect(await cli(world())('runbook', 'show', 'hi-error-rate')).toEqual({
    code: 2,
    out: '',
    err: expect.stringContaining('did you mean high-error-rate?'),
  })
})

test('a directory of one’s own adds runbooks and replaces shipped ones of the same name', async () => {
  const files = {
    '/ours/short.md': aText(),
    '/ours/cpu-issues.md': aText(['name: cpu-issues', 'summary: Ours.', 'alerts: [TaskMCPHighCPUUsage]']),
  }
  const run = cli(world(files))
  const { out } = await run('runbook', 'list', '--runbooks', '/ours')
  expect(out).toMatch(/cpu-issues +Ours\./)
  expect(out).toMatch(/short +For a test\./)
  expect((await run('runbook', 'lint', '--runbooks', '/ours')).code).toBe(0)
})

test('a broken runbook is one message with file and line, exit code 2', async () => {
  const { code, out, err } = await cli(world({ '/ours/short.md': aText(['thresholds: 5']) }))('runbook', 'list', '--runbooks', '/ours')
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain('/ours/short.md:5: expected "key: value" lines here')
})

test('a directory that is not there is one message', async () => {
  expect(await cli(world())('runbook', 'list', '--runbooks', '/nowhere')).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot read the runbooks in /nowhere'),
  })
})

test('runbook lint finds every check of the shipped runbooks filled, --strict or not', async () => {
  const run = cli(world())
  const lenient = await run('runbook', 'lint', '--json')
  expect(lenient.code).toBe(0)
  expect(JSON.parse(lenient.out)).toMatchObject({ errors: 0, complaints: [] })
  const strict = await run('runbook', 'lint', '--strict')
  expect([strict.code, strict.out]).toEqual([0, expect.stringMatching(/runbooks: 0 errors, 0 unfilled\n$/)])
})

test('runbook lint fails for a check that does not exist, with file, line and step', async () => {
  const { code, out } = await cli(world({ '/ours/short.md': aText([], ['check: pod-ready']) }))('runbook', 'lint', '--runbooks', '/ours')
  expect(code).toBe(3)
  expect(out).toContain('/ours/short.md:10\n  error (check) step pods: there is no check "pod-ready"\n')
})

test('help commands lists what people look up, by hand and here, and every line here parses', async () => {
  const run = cli(world())
  const { code, out } = await run('help', 'commands')
  expect(code).toBe(0)
  expect(out).toContain('Restart\n  task-mcp restart --dry-run\n    kubectl rollout restart -n "$NAMESPACE" "deployment/$WORKLOAD"\n')
  const useful = JSON.parse((await run('help', 'commands', '--json')).out) as { title: string; byHand: string[]; here: string[] }[]
  expect(useful).toHaveLength(17)
  expect(useful.filter((one) => one.byHand.length === 0).map((one) => one.title)).toEqual(['Find the right document'])
  const { commands } = await import('../../src/commands/index.ts')
  const { command } = shelf(commands)
  expect(
    useful.flatMap((one) => one.here.map((line) => command(shellWords(line).slice(1)))).filter((wrong) => wrong !== undefined),
  ).toEqual([])
})
