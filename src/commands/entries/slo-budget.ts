import type { CommandEntry, OptionEntry } from '../entry.ts'
import { serviceOptions } from '../options.ts'

const budgetOptions: readonly OptionEntry[] = [
  {
    flags: '--slo <name>',
    summary: 'only this SLO; may be given several times',
    repeat: true,
    completes: ['availability', 'error-rate', 'latency', 'latency-tail', 'throughput'],
  },
  {
    flags: '--window <window>',
    summary: 'a duration (30d, or what OpenSLO says, when not said), or week, month, quarter by the calendar',
    completes: ['7d', '30d', '90d', 'week', 'month', 'quarter'],
  },
  { flags: '--time-zone <name>', summary: 'time zone of calendar windows; UTC when not said' },
  {
    flags: '--base <base>',
    summary: 'a calendar window has the budget of the events so far, or of as many as it will have',
    choices: ['observed', 'forecast'],
  },
  { flags: '--at <time>', summary: 'look from this time instead of now: RFC 3339 or unix seconds' },
  { flags: '--slos <file>', summary: 'SLOs of your own, as docs/slo.md or OpenSLO writes them', completes: 'file' },
  ...serviceOptions,
]

const sloBudget: CommandEntry = {
  usage: 'slo-budget',
  summary: 'show how much of each error budget is left',
  group: 'slo',
  about:
    'For availability, error rate, latency and throughput: what is left of the error budget, how sure that is, what spent it, when it runs out or comes back, and whether to ship. Counts come from the recording rules in deploy/prometheus, or from the series of the service where those are not loaded.',
  options: [
    {
      flags: '--incident <start/end>',
      summary: 'price an incident: two times with a slash between; may be given several times',
      repeat: true,
    },
    {
      flags: '--deploy <time>',
      summary: 'judge a deploy at this time, beside those seen in the build version; may be given several times',
      repeat: true,
    },
    {
      flags: '--principals <file>',
      summary: 'names to show beside the hashes of who asked: a token file of the server, or one name a line',
      completes: 'file',
    },
    { flags: '--html <file>', summary: 'write a page with charts too', completes: 'file' },
    ...budgetOptions,
  ],
  examples: [
    { line: 'task-mcp slo-budget', about: 'the last 30 days' },
    { line: 'task-mcp slo-budget --slo error-rate --window month --time-zone Europe/Vienna', about: 'this calendar month' },
    { line: 'task-mcp slo-budget --incident 2026-11-23T03:12:00Z/2026-11-23T03:40:00Z', about: 'what that incident cost' },
  ],
  exits: { 0: 'the budgets are known, whatever is left of them', 5: 'nothing could be counted' },
  load: () => import('../slo-budget.ts'),
}

const sloBudgetCheck: CommandEntry = {
  usage: 'slo-budget check',
  summary: 'say in one line whether a release may go',
  group: 'slo',
  about:
    'More than half of the budget left is normal, a fifth to a half careful, less only fixes, nothing freeze. The strictest of the SLOs counts. A release that only makes the service more reliable is checked with --allow only-fixes.',
  options: [
    {
      flags: '--allow <policy>',
      summary: 'the strictest policy under which this release may still go; careful when not said',
      choices: ['normal', 'careful', 'only-fixes'],
    },
    ...budgetOptions,
  ],
  examples: [
    { line: 'task-mcp slo-budget check', about: 'a step of a pipeline' },
    { line: 'task-mcp slo-budget check --allow only-fixes', about: 'for a release that is a fix' },
  ],
  exits: { 0: 'the release may go', 3: 'it may not', 5: 'the budget is not known' },
  load: () => import('../slo-budget-check.ts'),
}

const sloRules: CommandEntry = {
  usage: 'slo-rules',
  summary: 'write the recording rules and alerts of your services',
  group: 'slo',
  about:
    'Rules for Prometheus from the same definitions as slo-budget: counts for every SLO, four pairs of burn alerts each, and the alerts on symptoms. With `services` in task-mcp.yaml, for each of them. A target at which an alert could never fire is refused.',
  options: [
    { flags: '--operator', summary: 'as a PrometheusRule object' },
    { flags: '--runbook-base <url>', summary: 'where runbooks are served, for the links in alerts' },
    { flags: '--slos <file>', summary: 'SLOs of your own, as docs/slo.md or OpenSLO writes them', completes: 'file' },
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp slo-rules > rules.yaml', about: 'a rule file' },
    { line: 'task-mcp slo-rules --operator | kubectl apply -f -', about: 'for the Prometheus Operator' },
  ],
  exits: { 0: 'written' },
  load: () => import('../slo-rules.ts'),
}

const sloBudgetWhatif: CommandEntry = {
  usage: 'slo-budget whatif',
  summary: 'say what a bad release would cost',
  group: 'slo',
  options: [
    { flags: '--release-error-rate <ratio>', summary: 'share of requests that would fail: 0.02 or 2%', kind: 'ratio' },
    { flags: '--minutes <number>', summary: 'for so many minutes', kind: 'number' },
    ...budgetOptions,
  ],
  examples: [{ line: 'task-mcp slo-budget whatif --release-error-rate 2% --minutes 10', about: 'at the traffic of the last hour' }],
  exits: { 0: 'the budget would allow releases after it', 3: 'it would not', 5: 'the budget is not known' },
  load: () => import('../slo-budget-whatif.ts'),
}

const dashboard: CommandEntry = {
  usage: 'dashboard',
  summary: 'show the dashboards in a browser, without Grafana',
  group: 'slo',
  about:
    'The panels of deploy/grafana (Overview, API, Infrastructure, Streaming, Security), asked of Prometheus by this program and drawn afresh every few seconds. It listens on 127.0.0.1 at a free port, under an address that only you are told, until Ctrl-C. With --html it writes one file and ends.',
  options: [
    { flags: '--range <duration>', summary: 'how far back; 1h when not said', kind: 'duration' },
    { flags: '--refresh <duration>', summary: 'how often; 10s when not said', kind: 'duration' },
    { flags: '--job <name>', summary: 'label `job` of the series; the workload when not said' },
    { flags: '--html <file>', summary: 'write all of them into a file and end', completes: 'file' },
    ...serviceOptions,
  ],
  examples: [
    { line: 'task-mcp dashboard', about: 'prints the address to open' },
    { line: 'task-mcp dashboard --range 6h --html dashboards.html', about: 'a page to send to somebody' },
  ],
  exits: { 0: 'shown until Ctrl-C, or written', 5: 'Prometheus could not be asked' },
  stopsItself: true,
  load: () => import('../dashboard.ts'),
}

export const sloEntries: readonly CommandEntry[] = [sloBudget, sloBudgetCheck, sloBudgetWhatif, sloRules, dashboard]
