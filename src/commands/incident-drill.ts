/** `task-mcp incident drill`: practise on a recorded fault. Nothing is asked of any system, and no incident is opened. */
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Context } from '../context.ts'
import { type CauseCode, causeCodes } from '../diagnosis/codes.ts'
import { judge } from '../diagnosis/judge.ts'
import type { ActionName, Verdict } from '../diagnosis/verdict.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import { parseSnapshot } from '../facts/record.ts'
import { actionsOf, checksOf, type Drill, guessesOf, type Move, moved, scoreOf, startDrill } from '../incident/drill.ts'
import { nearest } from '../nearest.ts'
import { renderChoices, renderDrillEnd, renderDrillStart } from '../output/incident-drill.ts'
import { wrap } from '../output/text.ts'
import { loadRunbooks } from '../runbook/directory.ts'
import { walk } from '../runbook/walk.ts'
import { bookFor } from './diagnosis-now.ts'
import type { GlobalOptions } from './entry.ts'
import { lookOf } from './incident-print.ts'

interface DrillOptions extends GlobalOptions {
  readonly list: boolean
  readonly answer?: readonly string[]
  readonly from?: string
}

interface Shipped {
  name: string
  told: string
  file: string
}

export async function run(context: Context, [name]: readonly string[], options: DrillOptions): Promise<ExitCode> {
  const { terminal } = context
  const drills = await shipped(context)
  if (options.list || (name === undefined && options.from === undefined)) {
    if (!options.list && name === undefined) terminal.err('choose a drill: task-mcp incident drill NAME\n')
    const look = lookOf(context, options)
    terminal.out(
      options.json
        ? `${JSON.stringify(
            drills.map(({ name: one, told }) => ({ name: one, told })),
            null,
            2,
          )}\n`
        : drills
            .flatMap(({ name: one, told }) => [look.style.bold(one), ...wrap(told, Math.min(100, terminal.columns), '  ')])
            .join('\n')
            .concat('\n'),
    )
    return options.list ? exit.ok : exit.usage
  }
  const verdict = await verdictOf(context, options.from ?? chosen(drills, name!).file)
  if (verdict.causes.length === 0)
    throw new UsageError('this recording shows no fault to find', 'choose one of task-mcp incident drill --list')
  const told = drills.find((one) => one.name === name)?.told ?? 'Somebody recorded this.'
  const drill = await play(context, startDrill(name ?? path.basename(options.from!), told, verdict, context.clock.now()), options)
  terminal.out(options.json ? `${JSON.stringify(scoreOf(drill), null, 2)}\n` : renderDrillEnd(drill, lookOf(context, options)))
  return drill.ended?.how === 'found' ? exit.ok : exit.findings
}

/** Takes the answers that were given, else asks the person until the cause is found or given up. */
async function play(context: Context, begun: Drill, options: DrillOptions): Promise<Drill> {
  const { terminal, clock } = context
  const look = lookOf(context, options)
  const guesses = guessesOf(begun)
  const actions = actionsOf(begun)
  const moves = (options.answer ?? []).map((text) => moveOf(text, begun, guesses, actions))
  terminal.err(`${renderDrillStart(begun, look)}\n`)
  let drill = begun
  const make = (move: Move) => {
    const { drill: next, says } = moved(drill, move, clock.now())
    drill = next
    terminal.err(`${wrap(says, Math.min(100, terminal.columns), '> ', '  ').join('\n')}\n`)
  }
  for (const move of moves) if (drill.ended === undefined) make(move)
  if (options.answer === undefined && !terminal.inIsTTY) {
    terminal.err(renderChoices(drill, guesses, actions, look))
    throw new UsageError(
      'without a terminal a drill takes its moves from --answer',
      'for example --answer check=pods --answer cause=image_not_found',
    )
  }
  while (options.answer === undefined && drill.ended === undefined) make(await asked(context, drill, guesses, actions))
  if (drill.ended === undefined) make({ move: 'give-up' })
  return drill
}

async function asked({ terminal }: Context, drill: Drill, guesses: readonly CauseCode[], actions: readonly ActionName[]): Promise<Move> {
  const what = await terminal.select('What now?', [
    { value: 'check', label: 'look at something' },
    { value: 'cause', label: 'name the cause' },
    { value: 'do', label: 'do something' },
    { value: 'hint', label: 'a hint' },
    { value: 'give-up', label: 'give up' },
  ])
  if (what === 'hint' || what === 'give-up') return { move: what }
  if (what === 'check') {
    const choices = checksOf(drill).map(({ id, title }) => ({ value: id, label: `${drill.checks.includes(id) ? '(seen) ' : ''}${title}` }))
    return { move: 'check', step: await terminal.select('Look at what?', choices) }
  }
  if (what === 'cause')
    return {
      move: 'cause',
      code: await terminal.select(
        'What is it?',
        guesses.map((code) => ({ value: code, label: code.replaceAll('_', ' ') })),
      ),
    }
  return {
    move: 'do',
    action: await terminal.select(
      'Do what?',
      actions.map((action) => ({ value: action, label: action })),
    ),
  }
}

/** `check=pods`, `cause=image_not_found`, `do=restart`, `hint`, `give-up`. */
function moveOf(text: string, drill: Drill, guesses: readonly CauseCode[], actions: readonly ActionName[]): Move {
  const [word, value = ''] = text.split('=')
  const wrong = (values: readonly string[]) => {
    const meant = nearest(value, values)
    return new UsageError(
      `--answer ${text}: there is no ${word} "${value}" in this drill`,
      `${meant ? `did you mean ${meant}?  ` : ''}there are ${values.join(', ')}`,
    )
  }
  switch (word) {
    case 'hint':
    case 'give-up':
      return { move: word }
    case 'check': {
      const ids = checksOf(drill).map(({ id }) => id)
      if (!ids.includes(value)) throw wrong(ids)
      return { move: 'check', step: value }
    }
    case 'cause':
      if (!(causeCodes as readonly string[]).includes(value)) throw wrong(guesses)
      return { move: 'cause', code: value as CauseCode }
    case 'do':
      if (!(actions as readonly string[]).includes(value)) throw wrong(actions)
      return { move: 'do', action: value as ActionName }
    default:
      throw new UsageError(
        `--answer ${text}: a move is check=STEP, cause=CODE, do=ACTION, hint or give-up`,
        'for example --answer cause=image_not_found',
      )
  }
}

async function verdictOf(context: Context, file: string): Promise<Verdict> {
  const books = await loadRunbooks(context.files, context.root, undefined)
  const snapshot = parseSnapshot(await textOf(context, path.resolve(context.cwd, file)), file)
  const name = bookFor(judge(snapshot, 'service-downtime').verdict, books)
  const { verdict, view } = judge(snapshot, name)
  return { ...verdict, steps: walk(books.find((book) => book.name === name)!, view, verdict.causes) }
}

/** The text of a recording, which may be compressed. */
async function textOf({ files }: Context, file: string): Promise<string> {
  try {
    if (!file.endsWith('.gz')) return await files.read(file)
    const pieces: Uint8Array[] = []
    for await (const piece of files.readBytes(file)) pieces.push(piece)
    return gunzipSync(Buffer.concat(pieces)).toString('utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`, 'task-mcp incident drill --list', {
      cause: error,
    })
  }
}

async function shipped({ files, root }: Context): Promise<Shipped[]> {
  const folder = path.join(root, 'runbooks', 'drills')
  const { parse } = await import('yaml')
  const list = parse(await files.read(path.join(folder, 'drills.yaml'))) as { name: string; told: string }[]
  return list.map(({ name, told }) => ({ name, told: told.trim(), file: path.join(folder, `${name}.json.gz`) }))
}

function chosen(drills: readonly Shipped[], name: string): Shipped {
  const drill = drills.find((one) => one.name === name)
  if (drill) return drill
  const names = drills.map((one) => one.name)
  const meant = nearest(name, names)
  throw new UsageError(`no drill is called "${name}"`, `${meant ? `did you mean ${meant}?  ` : ''}there are ${names.join(', ')}`)
}
