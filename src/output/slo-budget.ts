/** An error budget for people: a line that decides, a table, and the story of each objective that needs one. */
import { policyMeaning } from '../slo/policy.ts'
import type { BudgetReport, ObjectiveReport } from '../slo/report.ts'
import { columnsOf, type Look, labelled, listed } from './page.ts'
import { amount, percent, rate, roughPercent } from './slo-number.ts'
import { brailleLine } from './spark.ts'
import { pad, wrap } from './text.ts'
import { moment, span } from './time.ts'

/** Text for the report; `details` names the objectives whose story is told whatever their state. Ends with a newline. */
export function renderBudget(report: BudgetReport, look: Look, details: readonly string[]): string {
  const told = report.objectives.filter(
    (one) =>
      look.verbose ||
      details.some((name) => one.id === name || one.name === name || one.id.startsWith(`${name}/`)) ||
      !['normal', 'unknown'].includes(one.policy) ||
      one.burning.length > 0,
  )
  const blocks = [
    heading(report, look),
    table(report, look),
    ...told.map((one) => story(one, report, look)),
    footer(report, look, told.length > 0),
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

/** The one line for CI: the policy, why, and what it means. */
export function budgetLine(report: BudgetReport): string {
  const decider = report.objectives.find((one) => one.id === report.decidedBy)
  if (!decider) return `unknown: nothing could be counted for ${report.service}`
  const fraction = decider.remaining.fraction ?? 0
  const budget = `the ${decider.name} budget of ${decider.service}`
  const state = fraction < 0 ? `${budget} is overspent by ${roughPercent(-fraction)}` : `${roughPercent(fraction)} of ${budget} is left`
  return `${report.policy}: ${state}; ${policyMeaning[report.policy]}`
}

function heading(report: BudgetReport, look: Look): string[] {
  const word = report.policy.replace('-', ' ').toUpperCase()
  const text = budgetLine(report).replace(/^[a-z-]+: /, '')
  const paint = {
    normal: look.style.green,
    careful: look.style.yellow,
    'only-fixes': look.style.red,
    freeze: look.style.red,
    unknown: look.style.yellow,
  }[report.policy]
  const [first = '', ...rest] = wrap(`${word}  ${text}`, columnsOf(look))
  return [paint(word) + look.style.bold(first.slice(word.length)), ...rest.map(look.style.bold)]
}

/** The columns that fit: the narrowest terminals lose the long burn rates first. */
function table(report: BudgetReport, look: Look): string[] {
  const burn = (one: ObjectiveReport, window: string) => rate(one.burn.find((b) => b.window === window)?.rate ?? null)
  const columns: { head: string; of: (one: ObjectiveReport) => string; from: number }[] = [
    { head: '', of: (one) => one.id, from: 0 },
    { head: 'target', of: (one) => percent(one.target), from: 0 },
    { head: 'so far', of: (one) => percent(one.indicator), from: 0 },
    { head: 'left', of: (one) => roughPercent(one.remaining.fraction), from: 0 },
    { head: 'burn 1h', of: (one) => burn(one, '1h'), from: 50 },
    { head: '6h', of: (one) => burn(one, '6h'), from: 66 },
    { head: '3d', of: (one) => burn(one, '3d'), from: 72 },
    { head: 'policy', of: (one) => one.policy.replace('-', ' '), from: 0 },
  ]
  const shown = columns.filter(({ from }) => columnsOf(look) >= from)
  const widths = shown.map(({ head, of }) => Math.max(head.length, ...report.objectives.map((one) => of(one).length)))
  const row = (cells: string[]) =>
    cells
      .map((cell, index) => pad(cell, widths[index]!))
      .join('  ')
      .trimEnd()
  return [look.style.dim(row(shown.map(({ head }) => head))), ...report.objectives.map((one) => row(shown.map(({ of }) => of(one))))]
}

function story(one: ObjectiveReport, report: BudgetReport, look: Look): string[] {
  return [
    ...wrap(`${one.title} (${one.id}). ${one.method}`, columnsOf(look)).map((line, index) => (index === 0 ? look.style.bold(line) : line)),
    ...labelled(look, 'Left', left(one)),
    ...(one.remaining.fraction === null ? [] : known(one, report, look)),
  ]
}

function known(one: ObjectiveReport, report: BudgetReport, look: Look): string[] {
  return [
    ...labelled(look, 'Sure', sure(one)),
    ...labelled(
      look,
      'Burn',
      one.burn
        .filter(({ window }) => window !== 'window')
        .map(({ window, rate: value }) => `${window} ${rate(value)}`)
        .join(', '),
    ),
    ...listed(
      look,
      'Firing',
      one.burning.map(({ alert, factor }) => `TaskMCP${alert}: burning at more than ${factor} times the sustainable rate`),
      look.style.red,
    ),
    ...labelled(look, 'Ahead', ahead(one, report.window.seconds)),
    ...listed(look, 'Spent', spent(one, report.at)),
    ...blame(one, look),
    ...chart(one, look),
  ]
}

/** How much of the budget is left, and of what. */
export function left(one: ObjectiveReport): string {
  const { fraction, events, minutes } = one.remaining
  if (one.counts === null || fraction === null || events === null)
    return one.counts === null ? 'nothing was counted' : 'no traffic, so no budget was used and none can be named'
  const budget = events + one.counts.bad
  return events >= 0
    ? `${roughPercent(fraction)}: ${amount(events)} of the ${amount(budget)} ${one.unit} that ${minutes === null ? 'may go wrong' : 'may be bad'}`
    : `${roughPercent(fraction)}: ${amount(one.counts.bad)} ${one.unit} went wrong where ${amount(budget)} may`
}

/** How sure the numbers are. */
export function sure(one: ObjectiveReport): string {
  const { standing, interval, insufficientTraffic } = one.confidence
  const few = insufficientTraffic ? '. Insufficient traffic: so few in the last hour that one failure alone would fire a page' : ''
  if (interval === null) return `no traffic${few}`
  const [low, high] = [percent(1 - interval.high), percent(1 - interval.low)]
  const range = low === high ? `at ${low}` : `between ${low} and ${high} with 95% confidence`
  const word = {
    met: 'the target is met',
    breached: 'the target is missed',
    undetermined: 'too little traffic to say',
    'no-traffic': 'no traffic',
  }[standing]
  return `${word}: ${range}${few}`
}

/** When the budget runs out or is back; `whole` is the window in seconds. */
export function ahead(one: ObjectiveReport, whole: number): string {
  const { naive, rollOff } = one.forecast
  if (one.course.length === 0) return untold(naive, whole)
  const parts: string[] = []
  if (rollOff.exhausted === 0)
    parts.push(
      rollOff.recovered === null
        ? 'spent, and it does not come back within one window at this rate'
        : `spent; back in ${span(rollOff.recovered)} if the last hour goes on`,
    )
  else if (rollOff.exhausted !== null) parts.push(`runs out in ${span(rollOff.exhausted)} if the last hour goes on`)
  else parts.push('does not run out if the last hour goes on')
  // Beyond the window nothing old is left, and the simple forecast says nothing.
  if (naive !== null && naive > 0 && naive < whole) parts.push(`(${span(naive)} if nothing old left the window)`)
  return parts.join(' ')
}

/** Without the hours only the simple forecast is known. */
function untold(naive: number | null, whole: number): string {
  if (naive === 0) return 'spent; when it is back is not known'
  if (naive === null || naive >= whole) return 'does not run out within one window if the last hour goes on'
  return `runs out in ${span(naive)} if the last hour goes on and nothing old leaves the window`
}

function spent(one: ObjectiveReport, now: string): string[] {
  const { spells, incidents, deploys } = one.spent
  return [
    ...incidents.map(
      ({ name, start, share, net }) =>
        `${name} from ${moment(start, now)}: ${roughPercent(share)} of the budget (${roughPercent(net)} beyond the background)`,
    ),
    ...spells
      .slice(0, 3)
      .map(
        ({ start, hours, share, peak }) =>
          `${moment(start, now)}, ${hours} h: ${roughPercent(share)} of the budget, up to ${rate(peak)} times the sustainable rate`,
      ),
    ...deploys.map(({ at, name, before, after, share, judgement }) => {
      const change = `${percent(before)} bad before, ${percent(after)} after`
      return judgement === 'worse'
        ? `deploy of ${name} at ${moment(at, now)}: ${change}; it cost ${roughPercent(share)} of the budget`
        : `deploy of ${name} at ${moment(at, now)}: ${change}; ${judgement === 'cannot-tell' ? 'too little traffic to judge' : 'no difference'}`
    }),
  ]
}

/** Where the bad events were: the dearest of each kind, as a share of all that was bad. */
function blame(one: ObjectiveReport, look: Look): string[] {
  const words = [...new Set(one.spent.by.map(({ word }) => word))]
  const lines = words.map((word) => {
    const pieces = one.spent.by.filter((piece) => piece.word === word).slice(0, 3)
    return `${word}: ${pieces.map(({ what, bad, share }) => `${what} ${amount(bad)} (${roughPercent(share)} of the budget)`).join(', ')}`
  })
  return listed(look, 'By', lines)
}

/** The budget left, hour by hour, three lines high; a stretch that was not counted is left empty. */
function chart(one: ObjectiveReport, look: Look): string[] {
  if (one.course.length < 2) return []
  const values = one.course.map(({ remaining }) => remaining ?? Number.NaN)
  const known = values.filter(Number.isFinite)
  if (known.length === 0) return []
  const scale = { min: Math.min(0, ...known), max: 1 }
  const columns = Math.min(60, columnsOf(look) - 20)
  const beside = ['100%', '', roughPercent(scale.min)]
  return brailleLine(sampled(values, columns * 2), columns, beside.length, scale).flatMap((line, index) =>
    labelled(look, index === 0 ? 'Course' : '', `${look.style.dim('|')}${line}${look.style.dim(`| ${beside[index]}`)}`.trimEnd()),
  )
}

/** As many values as there is room for: of each stretch its last, or a gap when more than half of it was not counted. */
function sampled(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values]
  return Array.from({ length: count }, (_, index) => {
    const stretch = values.slice(Math.floor((index * values.length) / count), Math.floor(((index + 1) * values.length) / count))
    const known = stretch.filter(Number.isFinite)
    return known.length * 2 < stretch.length ? Number.NaN : known.at(-1)!
  })
}

function footer(report: BudgetReport, look: Look, told: boolean): string[] {
  const { window, source } = report
  const which =
    window.kind === 'rolling'
      ? `the ${span(window.seconds)} to ${moment(report.at, '')}`
      : `the ${window.kind} from ${moment(window.start, '')} to ${moment(window.end, '')}${window.timeZone === 'UTC' ? '' : ` (${window.timeZone})`}, budget of ${window.base} events`
  return [
    ...labelled(look, 'Window', which),
    ...labelled(look, 'From', `${source.where}, ${source.counts === 'recorded' ? 'recorded counts' : 'the series of the service'}`),
    ...listed(look, 'Beware', report.warnings, look.style.yellow),
    ...(told ? listed(look, 'Unseen', report.notSeen, look.style.dim) : []),
  ]
}
