/** The page about accuracy: tables from runs, and every failure with why. Pure. */
import type { Run } from './runs.ts'

/** Why a fault was judged wrongly, by its name. */
export type Notes = Readonly<Record<string, string>>

const share = (some: number, all: number): string =>
  all === 0 ? '-' : `${some} of ${all}${some === all ? '' : ` (${Math.round((some / all) * 100)}%)`}`

function at(seconds: readonly number[], part: number): string {
  const sorted = [...seconds].sort((a, b) => a - b)
  return sorted.length === 0 ? '-' : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!.toFixed(2)
}

function line(name: string, runs: readonly Run[]): string {
  const asked = runs.filter((run) => run.broke === undefined)
  const sick = asked.filter((run) => !run.healthy)
  const well = asked.filter((run) => run.healthy)
  const cured = asked.filter((run) => run.remedy !== undefined)
  const seconds = asked.map((run) => run.seconds)
  const count = (some: readonly Run[], is: (run: Run) => boolean): number => some.filter(is).length
  return [
    name,
    `${asked.length}`,
    share(
      count(sick, (run) => run.cause),
      sick.length,
    ),
    share(
      count(sick, (run) => run.right),
      sick.length,
    ),
    share(
      count(cured, (run) => run.remedy === true),
      cured.length,
    ),
    `${count(asked, (run) => run.harm.length > 0)}`,
    well.length === 0 ? '-' : `${count(well, (run) => !run.right)} of ${well.length}`,
    `${at(seconds, 0.5)} / ${at(seconds, 0.95)}`,
  ].join(' | ')
}

const head = [
  'row | runs | right cause | and right object | right remedy first | harmful remedies | false alarms | seconds p50 / p95',
  '---|---|---|---|---|---|---|---',
]

const rowOrder = ['down', 'errors', 'slow', 'memory', 'cpu', 'stream', 'security', 'slo', 'red herring', 'several', 'blind', 'healthy']
const place = (row: string): number => (rowOrder.indexOf(row) + rowOrder.length + 1) % (rowOrder.length + 1)

/** The note about runs whose files are not kept any more. */
const earlierRuns = 'Earlier runs'

/** Takes every run and the notes; gives the whole page. The same runs give the same page. */
export function accuracyPage(runs: readonly Run[], notes: Notes): string {
  const suites = ['our own service', 'nginx before a service that is not ours', 'drills'] as const
  const parts = suites.flatMap((suite) => {
    const of = runs.filter((run) => run.suite === suite)
    if (of.length === 0) return []
    const rows = [...new Set(of.map((run) => run.row))].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
    const seeds = [...new Set(of.map((run) => Math.floor(run.seed / (suite === 'our own service' ? 1000 : 100))))].sort((a, b) => a - b)
    return [
      `## ${suite[0]!.toUpperCase()}${suite.slice(1)}`,
      '',
      `${about[suite]} Seeds: ${seeds.join(', ')}.`,
      '',
      ...head,
      ...rows.map((row) =>
        line(
          row,
          of.filter((run) => run.row === row),
        ),
      ),
      line('**all**', of),
      '',
    ]
  })
  const earlier = notes[earlierRuns] === undefined ? [] : [`## ${earlierRuns}`, '', notes[earlierRuns], '']
  return `${[...intro, ...parts, ...earlier, ...cured(runs, notes), ...failures(runs, notes), ...unknownRuns(runs)].join('\n').trimEnd()}\n`
}

const intro = [
  '# How often it is right',
  '',
  'Faults on a real cluster, one at a time, under traffic, each with other names, ports, sizes and noise drawn from a seed. The answer is',
  'compared with the exact cause and the exact object that one would edit. A healthy service must be called healthy, without any',
  'cause. Made by `node test/cluster/report.ts` from what the runs wrote; nothing here is typed by hand but the reasons below.',
  '',
  'A remedy counts where the cause is right and has a known cure (`test/cluster/cures.ts`); harmful ones are those that the fault lists as',
  'such, wherever they were proposed. Seconds are for the whole command, from its start to its end.',
  '',
]

const about = {
  'our own service': 'The server of this package with its real manifests and database, `npm run test:cluster`.',
  'nginx before a service that is not ours':
    'nginx, a Service, and a small shop in Perl with other metrics and health paths, described by a task-mcp.yaml: `node test/cluster/other-service.ts`.',
  drills: 'An application that the diagnosis was never shown, broken and judged by a program that is not part of this package.',
} as const

/** What `task-mcp fix` made of the faults that an action can cure. */
function cured(runs: readonly Run[], notes: Notes): string[] {
  const tried = runs.filter((run) => run.cure !== undefined)
  if (tried.length === 0) return []
  const row = (name: string, of: readonly Run[]): string => {
    const seconds = of.flatMap((run) => run.cure?.seconds ?? [])
    const back = of.filter((run) => run.cure?.back)
    const right = of.filter((run) => run.cure?.right)
    return `${name} | ${of.length} | ${share(back.length, of.length)} | ${share(right.length, of.length)} | ${at(seconds, 0.5)} / ${at(seconds, 0.95)}`
  }
  const faults = [...new Set(tried.map((run) => `${run.suite}: ${run.fault}`))].sort()
  const not = tried.filter((run) => !(run.cure?.back && run.cure.right))
  return [
    '## Cured',
    '',
    'After the answer `task-mcp fix --yes` is let loose, where an action can cure the fault (`curable` in `test/cluster/cures.ts`; a lost',
    'Secret, a quota or a node is for a person). Cured is: every replica ready and the client served, steadily for ten seconds.',
    'Repeated by `npm run test:cluster -- --fix`. Seconds are of the whole `fix`, which waits and diagnoses again.',
    '',
    'fault | tried | cured | by the right action | seconds p50 / p95',
    '---|---|---|---|---',
    ...faults.map((fault) =>
      row(
        fault,
        tried.filter((run) => `${run.suite}: ${run.fault}` === fault),
      ),
    ),
    row('**all**', tried),
    '',
    ...not.map(
      (run) =>
        `- ${run.cure!.back ? 'Back, and not by a right action' : 'Not cured'}: ${run.fault} (seed ${run.seed}): ${run.cure!.said.split('\n')[0]!.slice(0, 200)}. ${notes[`${run.fault}: cure`] ?? 'Not explained yet.'}`,
    ),
    ...(not.length > 0 ? [''] : []),
  ]
}

const wrong = (run: Run): boolean => run.broke === undefined && (!run.right || run.harm.length > 0 || run.leaked || run.remedy === false)

function failures(runs: readonly Run[], notes: Notes): string[] {
  const failed = runs.filter(wrong)
  if (failed.length === 0) return ['## What went wrong', '', 'Nothing in these runs.', '']
  const lines = failed.map((run) => {
    const what = [
      run.right ? '' : `expected ${run.expected}, said ${run.found}`,
      run.remedy === false ? `${run.found}: the first remedy is not its cure` : '',
      run.harm.length > 0 ? `proposed ${run.harm.join(', ')}, which harms` : '',
      run.leaked ? 'a secret was in the answer' : '',
    ].filter((part) => part !== '')
    return `${run.fault} | ${run.seed} | ${what.join('; ').replaceAll('|', '/')} | ${notes[run.fault] ?? 'not explained yet'}`
  })
  return ['## What went wrong', '', 'fault | seed | what | why', '---|---|---|---', ...lines.sort(), '']
}

/** Runs that broke before an answer: they say nothing about accuracy, and are not hidden either. */
function unknownRuns(runs: readonly Run[]): string[] {
  const broke = runs.filter((run) => run.broke !== undefined)
  if (broke.length === 0) return []
  const lines = broke.map((run) => `- ${run.fault} (seed ${run.seed}): ${run.broke!.split('\n')[0]!.slice(0, 160)}`)
  return ['## Runs that broke', '', 'The fault could not be made, so nothing was asked; they count nowhere above.', '', ...lines.sort(), '']
}
