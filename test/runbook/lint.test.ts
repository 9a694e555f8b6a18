import { Registry } from '@prometheus-io/client'
import { expect, test } from 'vitest'
import { shelf as shippedShelf } from '../../src/commands/runbook.ts'
import { checks, unfilledChecks } from '../../src/diagnosis/checks.ts'
import { causeCodes } from '../../src/diagnosis/codes.ts'
import { lint, type Shelf, shellWords } from '../../src/runbook/lint.ts'
import { parseRunbook } from '../../src/runbook/load.ts'
import { metricCatalogue } from '../../src/runbook/metrics.ts'
import { readRules } from '../../src/runbook/rules.ts'
import { createCatalogue } from '../../src/server/telemetry/catalogue.ts'
import { collectProcess } from '../../src/server/telemetry/process.ts'
import { aText, root, shipped, shippedFiles } from './books.ts'

const aShelf: Shelf = {
  checks: new Set(['pods-ready']),
  unfilledChecks: new Set(['planned']),
  command: (words) =>
    words[0] === 'status'
      ? words[1] === undefined
        ? undefined
        : { kind: 'wrong', says: `status has no option ${words[1]}` }
      : { kind: 'unknown', says: 'no such command' },
  rules: {
    alerts: [
      { name: 'ShopDown', runbook: 'short' },
      { name: 'ShopSlow', runbook: 'other' },
    ],
    records: ['shop:bad:count1m'],
  },
  metrics: new Set(['up', 'shop_seconds']),
}

const other = parseRunbook(aText(['name: other', 'alerts: [ShopSlow]']), 'ours/other.md')

/** Complaints about a short runbook, each with the line of the text that it names. */
function found(front: readonly string[], step: readonly string[], below = ''): string[] {
  const text = aText(front, step, below)
  return lint([parseRunbook(text, 'ours/short.md'), other], aShelf).map(
    ({ rule, severity, line, says }) => `${severity} ${rule}: ${says} | ${text.split('\n')[line - 1]}`,
  )
}

const known = ['alerts: [ShopDown]']

test('a runbook that keeps its promises has no complaint', () => {
  expect(
    found(
      known,
      [],
      '```sh\ntask-mcp status | head  # now\nkubectl get pods\n```\n\n```promql\nrate(shop_seconds_bucket[5m]) / shop:bad:count1m\n```\n',
    ),
  ).toEqual([])
})

test.each([
  ['a check that does not exist', known, ['check: pod-ready'], '', 'error check: there is no check "pod-ready" | ### Count the pods'],
  [
    'a check that is only planned',
    known,
    ['check: planned'],
    '',
    'unfilled check: nothing fills the check "planned" yet | ### Count the pods',
  ],
  ['an action that does not exist', known, ['kind: action', 'action: reboot'], '', 'error action: there is no action "reboot"'],
  [
    'a command that is not there yet',
    known,
    [],
    '```sh\nkubectl get pods\ntask-mcp stats\n```\n',
    'unfilled command: task-mcp stats: no such command | task-mcp stats',
  ],
  [
    'a command with a wrong flag',
    known,
    [],
    '```sh\nkubectl get pods\ntask-mcp status --now\n```\n',
    'error command: task-mcp status --now: status has no option --now | task-mcp status --now',
  ],
  ['an alert that no rule has', ['alerts: [ShopDown, ShopDwn]'], [], '', 'error alert: no shipped rule is called ShopDwn | ---'],
  [
    'an alert that leads elsewhere',
    ['alerts: [ShopDown, ShopSlow]'],
    [],
    '',
    'error backlink: the rule ShopSlow leads to other, not here | ---',
  ],
  [
    'an alert that leads here and is not named',
    [],
    [],
    '',
    'error backlink: the rule ShopDown leads here, but "alerts" does not name it | ---',
  ],
  [
    'a metric that nobody exports',
    known,
    [],
    '```promql\nup\nshop_second\n```\n',
    'error metric: no metric is called shop_second | shop_second',
  ],
  [
    'a contact that nobody is',
    [...known, 'people: [{ id: kim, team: t, name: n, reach: r }]', 'contacts: [sam]'],
    [],
    '',
    'error contact: nobody in these runbooks is called "sam" | ---',
  ],
  [
    'a log that never ends',
    known,
    [],
    '```sh\nkubectl get pods\nkubectl logs -n x -l app=y -f\n```\n',
    'error harmful: following a log never ends',
  ],
  [
    'a log of one pod',
    known,
    [],
    '```sh\nkubectl get pods\nkubectl logs -n x deployment/y --since=5m\n```\n',
    'error harmful: this reads one pod of several',
  ],
  [
    'a debugger for everybody',
    known,
    [],
    '```sh\nkubectl get pods\nnode --inspect=0.0.0.0:9229 server.js\n```\n',
    'error harmful: this opens a debugger',
  ],
  [
    'a profile of an empty process',
    known,
    [],
    '```sh\nkubectl get pods\nkubectl exec p -- node --heap-prof\n```\n',
    'error harmful: this profiles a second, empty process',
  ],
  [
    'a program that slim images lack',
    known,
    [],
    '```sh\nkubectl get pods\nkubectl exec -it p -- netstat -an\n```\n',
    'error harmful: slim images lack this program',
  ],
  [
    'the first version of the Alertmanager API',
    known,
    [],
    '```sh\nkubectl get pods\ncurl http://alertmanager:9093/api/v1/alerts\n```\n',
    'error harmful: Alertmanager dropped version 1',
  ],
  [
    'an annotation as a firewall',
    known,
    [],
    '```sh\nkubectl get pods\nkubectl annotate pod p firewall.blocked-ips=10.0.0.1\n```\n',
    'error harmful: no network plugin reads this annotation',
  ],
  [
    'a patch by container name',
    known,
    [],
    `\`\`\`sh\nkubectl patch deployment x -p '{"spec":{"template":{"spec":{"containers":[{"name":"x"}]}}}}'\n\`\`\`\n`,
    'error harmful: with a wrong container name this adds a container',
  ],
])('%s', (_what, front, step, below, says) => {
  expect(found(front, step, below)).toEqual([expect.stringContaining(says)])
})

test('an alert whose runbook is not there is an error; without rules a note says that nothing was checked', () => {
  const book = parseRunbook(aText(known), 'ours/short.md')
  expect(lint([book], aShelf).map((c) => c.says)).toEqual(['the rule ShopSlow leads to other.md, which is not there'])
  expect(lint([book], { ...aShelf, rules: undefined })).toEqual([expect.objectContaining({ rule: 'rules', severity: 'note' })])
})

test('words of a line end at a pipe, a redirection or a comment, and quotes are taken off', () => {
  expect(shellWords('task-mcp logs --since "10 m" $POD > x')).toEqual(['task-mcp', 'logs', '--since', '10 m', '$POD'])
  expect(shellWords("task-mcp x 'a # b' # c")).toEqual(['task-mcp', 'x', 'a # b'])
  expect(shellWords('task-mcp a#b && rm x')).toEqual(['task-mcp', 'a#b'])
})

test('the shipped runbooks have no error against what is shipped', async () => {
  const { commands } = await import('../../src/commands/index.ts')
  const rules = readRules(shippedFiles()[`${root}/deploy/prometheus/rules.yaml`] ?? '', 'rules.yaml')
  expect(rules.alerts.length).toBeGreaterThan(20)
  expect(lint(shipped(), { ...shippedShelf(commands), rules }).filter((c) => c.severity === 'error')).toEqual([])
})

test('the two first runbooks name no check that is not there', () => {
  const steps = shipped()
    .filter((book) => book.name === 'service-downtime' || book.name === 'high-error-rate')
    .flatMap((book) => book.steps)
  expect(steps.filter((step) => step.kind === 'check' && !(step.check in checks))).toEqual([])
})

test('a check is either filled or listed as unfilled, and every unfilled one is used', () => {
  expect(unfilledChecks.filter((name) => name in checks)).toEqual([])
  const used = new Set(shipped().flatMap((book) => book.steps.flatMap((step) => (step.kind === 'check' ? [step.check] : []))))
  expect(unfilledChecks.filter((name) => !used.has(name))).toEqual([])
  expect(Object.keys(checks).filter((name) => !used.has(name))).toEqual([])
})

test('the metrics that runbooks may use are those that the server exports', async () => {
  const registry = new Registry()
  createCatalogue(registry)
  collectProcess(registry)
  const exported = (await registry.getMetricsAsJSON()).map((metric) => metric.name)
  expect([...metricCatalogue].sort()).toEqual([...exported, 'up', 'ALERTS'].sort())
})

test('no cause code is used as a name of a check', () => {
  expect(causeCodes.filter((code) => code in checks)).toEqual([])
})
