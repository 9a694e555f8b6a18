/** From a command line to an exit code. The only place where an error becomes one. */
import { type CommandEntry, type GlobalOptions, nameOf } from './commands/entry.ts'
import { commandHelp, exitCodesHelp, groupHelp, rootHelp } from './commands/help.ts'
import { commands as shipped } from './commands/index.ts'
import { find } from './commands/words.ts'
import type { Context, Learned } from './context.ts'
import { durationText } from './duration.ts'
import { type ExitCode, ExpectedError, exit, InterruptedError, UnreachableError, UsageError } from './errors.ts'
import { nearest } from './nearest.ts'
import { openIncidentFile } from './state-directory.ts'

/** A command that can say something partial ends by itself at its deadline; one still running so many milliseconds later is stopped. */
const deadlineGrace = 1000

/** After Ctrl-C or a deadline, a command may tidy up for so many milliseconds before we leave without it. */
const stopGrace = 1000

/** Run one command line (without node and script) in a context. Never throws. `commands` is the table; tests give their own. */
export async function main(argv: readonly string[], context: Context, commands: readonly CommandEntry[] = shipped): Promise<ExitCode> {
  try {
    return await dispatch(argv, context, commands)
  } catch (error) {
    const reason: unknown = context.signal.aborted ? context.signal.reason : undefined
    return report(reason instanceof ExpectedError ? reason : error, argv, context)
  }
}

async function dispatch(argv: readonly string[], context: Context, commands: readonly CommandEntry[]): Promise<ExitCode> {
  if (argv[0] === '__complete') {
    const { complete } = await import('./commands/complete.ts')
    return complete(argv.slice(1), context, commands)
  }
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  const asksHelp = argv[0] === 'help' || flags.includes('--help') || flags.includes('-h')
  const words = argv[0] === 'help' ? argv.slice(1) : argv
  if (asksHelp && words[0] === 'exit-codes') return say(context, exitCodesHelp())
  if (asksHelp && words[0] === 'commands') {
    const { run } = await import('./commands/useful.ts')
    return run(context, flags.includes('--json'))
  }
  const found = find(words, commands)
  if (found.entry === undefined || found.stray !== undefined) {
    if (found.stray !== undefined) throw unknownWord(found.prefix, found.stray, commands)
    if (found.prefix.length > 0) {
      if (asksHelp) return say(context, groupHelp(found.prefix, commands))
      throw new UsageError(
        `task-mcp ${found.prefix.join(' ')} needs one more word: ${nextWords(found.prefix, commands).join(', ')}`,
        `task-mcp help ${found.prefix.join(' ')}`,
      )
    }
    if (flags.includes('--version') || flags.includes('-V')) return say(context, `task-mcp ${context.version}\n`)
    if (!asksHelp && words.length > 0) throw new UsageError(`no command was given, only ${words.join(' ')}`, 'task-mcp --help')
    return say(context, rootHelp(commands, context.version))
  }
  if (asksHelp) return say(context, commandHelp(found.entry))
  const { parse } = await import('./commands/parse.ts')
  const { args, options } = parse(found.entry, found.rest)
  const { run } = await found.entry.load()
  const work = (within: Context) =>
    untilStopped(found.entry!, options as unknown as GlobalOptions, within, (stoppable) => run(stoppable, args, options as never))
  return await (joinsIncident(found.entry) ? remembered(argv, context, work) : work(context))
}

/** Commands about incidents write entries of their own; a server runs for weeks, and completion is no step of anybody's. */
const joinsIncident = ({ group, stopsItself, usage }: CommandEntry): boolean =>
  group !== 'incident' && stopsItself !== true && usage !== 'completion <shell>'

/** Run a command, and let it join the time line of the incident that is open on this machine. Where none is, one look at the disk is all it costs. */
async function remembered(argv: readonly string[], context: Context, work: (context: Context) => Promise<ExitCode>): Promise<ExitCode> {
  const learned: Learned[] = []
  const listening = { ...context, learned: (what: Learned) => void learned.push(what) }
  if (!(await context.files.exists(openIncidentFile(context)))) {
    const code = await work(listening)
    if (learned.length > 0) await (await import('./commands/incident-journal.ts')).remember(context, learned)
    return code
  }
  const started = context.clock.now()
  let said = ''
  const out = (text: string) => {
    if (said.length < 1000) said += text.slice(0, 1000)
    context.terminal.out(text)
  }
  const { join, remember, codeOf } = await import('./commands/incident-journal.ts')
  const ended = async (code: ExitCode, complaint?: string) => {
    await remember(context, learned)
    await join(context, { argv, started, code, said: complaint ?? said, learned })
  }
  try {
    const code = await work({ ...listening, terminal: { ...context.terminal, out } })
    await ended(code)
    return code
  } catch (error) {
    await ended(codeOf(error), error instanceof Error ? error.message : String(error))
    throw error
  }
}

function say(context: Context, text: string): ExitCode {
  context.terminal.out(text)
  return exit.ok
}

/** The words that can follow these in some command's name. */
function nextWords(prefix: readonly string[], commands: readonly CommandEntry[]): string[] {
  const names = commands.map(nameOf).filter((name) => name.length > prefix.length && prefix.every((word, at) => name[at] === word))
  return [...new Set(names.map((name) => name[prefix.length]!))]
}

function unknownWord(prefix: readonly string[], word: string, commands: readonly CommandEntry[]): UsageError {
  const near = nearest(word, nextWords(prefix, commands))
  const said = ['task-mcp', ...prefix].join(' ')
  return new UsageError(
    `${said} has no command "${word}"`,
    near ? `did you mean ${[...prefix, near].join(' ')}?  ${said} --help` : `${said} --help`,
  )
}

/**
 * Run a command under Ctrl-C and under its `--timeout`. Its signal aborts on either; a command that does not end soon after
 * is left behind, so that nothing hangs.
 */
async function untilStopped(
  entry: CommandEntry,
  options: GlobalOptions,
  context: Context,
  run: (context: Context) => Promise<ExitCode>,
): Promise<ExitCode> {
  const terminal = options.color === false && context.terminal.color ? { ...context.terminal, color: false } : context.terminal
  if (entry.stopsItself) return run({ ...context, terminal })
  const stop = new AbortController()
  const timers: NodeJS.Timeout[] = []
  let leave: (reason: unknown) => void = () => {}
  const left = new Promise<never>((_, reject) => {
    leave = reject
  })
  const halt = (reason: unknown) => {
    stop.abort(reason)
    timers.push(setTimeout(() => leave(reason), stopGrace))
  }
  const interrupted = () => halt(context.signal.reason)
  if (context.signal.aborted) interrupted()
  context.signal.addEventListener('abort', interrupted, { once: true })
  if (options.timeout !== undefined) {
    const late = new UnreachableError(
      `${nameOf(entry).join(' ')} did not finish within ${durationText(options.timeout)}`,
      'give it more time with --timeout, or see what does not answer with task-mcp doctor',
    )
    timers.push(setTimeout(() => halt(late), options.timeout * 1000 + deadlineGrace))
  }
  try {
    return await Promise.race([run({ ...context, terminal, signal: stop.signal }), left])
  } catch (error) {
    throw stop.signal.aborted && stop.signal.reason instanceof ExpectedError ? stop.signal.reason : error
  } finally {
    context.signal.removeEventListener('abort', interrupted)
    for (const timer of timers) clearTimeout(timer)
  }
}

/** Say what went wrong on stderr, and give the exit code. */
function report(error: unknown, argv: readonly string[], context: Context): ExitCode {
  const { terminal } = context
  if (error instanceof InterruptedError) {
    terminal.err(`task-mcp: ${error.message}\n`)
    return error.exitCode
  }
  if (error instanceof ExpectedError) {
    terminal.err(`task-mcp: ${error.message}\n`)
    if (argv.includes('-v') || argv.includes('--verbose')) for (const cause of causes(error)) terminal.err(`  because: ${cause}\n`)
    if (error.next) terminal.err(`  ${error.next}\n`)
    return error.exitCode
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  terminal.err(`task-mcp ${context.version} failed in a way nobody expected. This is a bug in task-mcp.\n\n${stack}\n`)
  for (const cause of causes(error)) terminal.err(`  because: ${cause}\n`)
  terminal.err('\nPlease report it with the lines above and the command; "Reporting a bug" in CONTRIBUTING.md says where.\n')
  return exit.bug
}

/** The messages of the errors behind an error, nearest first. */
function causes(error: unknown): string[] {
  const messages: string[] = []
  for (let cause = error instanceof Error ? error.cause : undefined; cause instanceof Error && messages.length < 5; cause = cause.cause)
    messages.push(cause.message)
  return messages
}
