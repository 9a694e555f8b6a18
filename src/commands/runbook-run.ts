/** `task-mcp runbook run NAME` and `diagnose --guide`: a runbook walked with a person at the terminal, or unattended by the same way. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { openRecord, type RunRecord } from '../actions/run-record.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import type { Verdict } from '../diagnosis/verdict.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { snapshotText } from '../facts/record.ts'
import { styleFor } from '../output/style.ts'
import { walkByHand, walkEnd, walkPhase, walkStep, walkVerdict } from '../output/walk.ts'
import { loadRunbooks, named } from '../runbook/directory.ts'
import { type Choice, guide, type Hands, phaseClock, type Seen, type Walk } from '../runbook/guide.ts'
import { type OpenWalk, openWalks } from '../runbook/guide-record.ts'
import { shellWords } from '../runbook/lint.ts'
import { actionNames } from '../runbook/runbook.ts'
import { reportOf } from '../runbook/walk-report.ts'
import { actQuietly } from './act.ts'
import type { ActionOptions } from './action-options.ts'
import { codeFor } from './diagnose.ts'
import { bookFor } from './diagnosis-now.ts'
import { escalateFrom } from './escalate-from.ts'
import { createEyes } from './eyes.ts'
import { lookAgain } from './look-again.ts'
import { objectionsBeside, objectionsIn } from './objections.ts'
import { actingFor } from './remedy.ts'

export interface WalkOptions extends ActionOptions {
  readonly yesTo?: readonly string[]
  /** The id of a walk, or `last`. */
  readonly resume?: string | boolean
}

const labels: Readonly<Record<Choice, string>> = {
  next: 'next step',
  run: 'run it',
  done: 'done: write what was found',
  skip: 'skip it',
  note: 'write a note',
  again: 'look again',
  escalate: 'escalate',
  stop: 'stop here; --resume goes on later',
}

export async function run(context: Context, [name]: readonly string[], options: WalkOptions): Promise<ExitCode> {
  const { terminal, clock } = context
  const yesTo = wordsOf(options.yesTo)
  const attended = terminal.inIsTTY && options.yesTo === undefined
  const resolved = await loadSettings(options, context)
  const { settings } = resolved
  const books = await loadRunbooks(context.files, context.root, settings.runbooks)
  const cluster = await context.targets(settings).cluster()
  const { context: where, server, user } = cluster.identity()
  const record = openRecord(context)
  const { namespace, kind, workload } = settings.service
  const before = options.resume ? await openBefore(record, { server, namespace, workload }, name, options.resume) : undefined
  const eyes = createEyes(context, resolved)
  const book = named(books, before?.runbook ?? name ?? bookFor(await eyes.look('service-downtime'), books))
  const walk: Walk = { id: before?.id ?? randomBytes(4).toString('hex'), book, earlier: before?.steps ?? new Map(), yesTo }
  const startedAt = before === undefined ? clock.now() : Date.parse(before.at)
  if (before === undefined)
    await record.append({
      type: 'walk',
      id: walk.id,
      runbook: book.name,
      cluster: { context: where, server, user },
      namespace,
      kind,
      workload,
    })
  const page = { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }
  const say = (text: string) => terminal.err(text)
  say(
    `${page.style.bold(book.title)}: ${kind.toLowerCase()}/${workload} in ${namespace} on ${where}, walk ${walk.id}${before ? `, begun ${before.at.slice(0, 16).replace('T', ' ')} UTC by ${before.by}` : ''}\n`,
  )
  const elapsed = (): number => (clock.now() - startedAt) / 1000
  let last: Verdict | undefined
  const hands: Hands = {
    look: async () => {
      last = await eyes.look(book.name)
      context.learned?.({ verdict: last })
      return { verdict: last.verdict, headline: last.headline, causes: last.causes, steps: eyes.steps(book, last) } satisfies Seen
    },
    choose: attended
      ? ({ step, phase, choices }) =>
          terminal.select(
            `[${phaseClock(elapsed(), phase)}] ${step.title}`,
            choices.map((value) => ({ value, label: labels[value] })),
          )
      : undefined,
    write: (question) => terminal.input(question),
    show: (step, result, earlier) => {
      say(
        walkStep(result, earlier?.choice === undefined ? undefined : { choice: earlier.choice, at: earlier.at, note: earlier.note }, page),
      )
      const open = earlier?.choice === undefined && (step.kind === 'manual' || result.status === 'unknown')
      if (attended && open) say(walkByHand(step.fences, page))
    },
    phase: (phase) => say(walkPhase(phase, `[${phaseClock(elapsed(), phase)}]`, page)),
    seen: (seen) => say(walkVerdict(seen.verdict, seen.headline, page)),
    say: (text) => say(`        ${text.replaceAll('\n', '\n        ')}\n`),
    act: async (line, cause, agree, begun) => {
      const why = options.why ?? (cause === undefined ? `walk ${walk.id} of ${book.name}` : `${cause.code}: ${cause.summary}`)
      const acting = await actingFor(shellWords(line), settings, { ...options, why, yes: agree === undefined, dryRun: false })
      if (acting === undefined) return { outcome: 'for-a-person', ok: false, said: `this is for a person: ${line}` }
      const { receipt } = await actQuietly(context, {
        ...acting,
        agree,
        objections: async () =>
          cause === undefined
            ? objectionsIn(last?.causes ?? [], acting.name as never)
            : objectionsBeside(last?.causes ?? [], acting.name as never).objections,
        before: async (plan, look, world) => {
          await begun(plan.id)
          await acting.before?.(plan, look, world)
        },
      })
      const after = receipt.outcome === 'applied' && cause !== undefined ? await lookAgain(context, settings, book.name, cause) : undefined
      const ok = receipt.exitCode === exit.ok && (after === undefined || after.code !== exit.unverified)
      const undo = receipt.undo === undefined ? '' : `\nto take it back: ${receipt.undo}`
      return {
        outcome: receipt.outcome,
        ok,
        said:
          [receipt.said, receipt.outcome === 'applied' ? '' : (receipt.next ?? ''), after?.said ?? '']
            .filter((text) => text !== '')
            .join('\n') + undo,
        change: receipt.plan.id,
      }
    },
    usual: (action) => `task-mcp ${action === 'config' ? 'config-restore' : action === 'block' ? 'block add' : action} -n ${namespace}`,
    capture: async (step) => {
      const file = path.resolve(context.cwd, `${book.name}-${walk.id}-${step.id}.json`)
      await context.files.write(file, snapshotText(eyes.snapshot()))
      return `what was seen is in ${file}; task-mcp diagnose --from judges it again`
    },
    escalate: () => escalateFrom(context, options, book, books, elapsed()),
    append: record.append,
  }
  const { outcome, seen, failed } = await guide(walk, hands)
  const report = reportOf(await record.lines(), walk.id, book.name, outcome, seen, startedAt, clock.now())
  terminal.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : walkEnd(report, page))
  return failed > 0 ? exit.unverified : codeFor(last === undefined ? [] : [last])
}

/** `restart,scale` and `--yes-to restart --yes-to scale` alike; `none` is nobody. UsageError for what is no action. */
function wordsOf(said: readonly string[] | undefined): string[] {
  const words = (said ?? [])
    .flatMap((text) => text.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'none')
  const wrong = words.find((word) => !(actionNames as readonly string[]).includes(word))
  if (wrong !== undefined) throw new UsageError(`--yes-to does not know "${wrong}"`, `it takes none, or some of ${actionNames.join(',')}`)
  return words
}

async function openBefore(
  record: RunRecord,
  service: { server: string; namespace: string; workload: string },
  name: string | undefined,
  which: string | boolean,
): Promise<OpenWalk> {
  const walks = openWalks(await record.lines(), await record.changes(service.server), service)
  const fits = walks.filter(
    (walk) => (name === undefined || walk.runbook === name) && (which === true || walk.id === which || walk.runbook === which),
  )
  const found = fits.at(-1)
  if (found === undefined)
    throw new UsageError(
      `there is no walk ${typeof which === 'string' ? `${which} ` : ''}to go on with for ${service.workload} in ${service.namespace}`,
      `the run record is ${record.file}; task-mcp runbook run ${name ?? 'NAME'}  begins a new one`,
    )
  return found
}
