/** The streams of a person or a pipe: colours, questions, and readers who leave early. */
import type { Terminal } from '../context.ts'
import { InterruptedError } from '../errors.ts'
import { wrap } from '../output/text.ts'

/** What a terminal is made from: the process's own streams, or a test's. */
export interface Streams {
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

/** Whether to colour: NO_COLOR wins, then FORCE_COLOR, then a terminal that is not dumb. See no-color.org and force-color.org. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  if (env.NO_COLOR) return false
  const force = env.FORCE_COLOR
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTTY && env.TERM !== 'dumb'
}

/** A question in lines after each of which inquirer's mark and the answers have room: it would break "(y/N)" itself at the edge. */
function beforeItsAnswers(question: string, columns: number): string {
  return wrap(question, columns - '? '.length - ' (y/N) '.length).join('\n  ')
}

/**
 * The real terminal. `gone` is called once when stdout takes no more: its reader has left (`| head`, EPIPE) or the disk is full.
 * What is written after that is dropped. Questions are asked on stderr, so that stdout stays the answer; inquirer is loaded by the first one.
 */
export function openTerminal(
  streams: Streams,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  gone: (error: NodeJS.ErrnoException) => void,
): Terminal {
  // stderr and stdin are opened when first used: each costs a millisecond or two, and `--help` needs neither.
  const { stdout } = streams
  let open = true
  const lost = (error: NodeJS.ErrnoException | null | undefined) => {
    if (error && open) gone(error)
    if (error) open = false
  }
  stdout.on('error', lost)
  const stderr = once(() => {
    const stream = streams.stderr
    // Nobody is left to tell that the conversation cannot be written.
    stream.on('error', () => {})
    return stream
  })
  return {
    out: (text) => {
      if (open) stdout.write(text, lost)
    },
    err: (text) => {
      stderr().write(text)
    },
    outIsTTY: stdout.isTTY === true,
    get errIsTTY() {
      return streams.stderr.isTTY === true
    },
    get inIsTTY() {
      return streams.stdin.isTTY === true
    },
    get columns() {
      // A terminal that nobody has told its size says 0.
      return stdout.columns || 80
    },
    color: wantsColor(env, stdout.isTTY === true),
    confirm: (message) => ask({ type: 'confirm', message: beforeItsAnswers(message, streams.stderr.columns || 80), default: false }),
    input: (message) => ask({ type: 'input', message }),
    select: (message, choices) => ask({ type: 'select', message, choices: choices.map(({ value, label }) => ({ value, name: label })) }),
  }

  async function ask<T>(question: Record<string, unknown>): Promise<T> {
    const { default: inquirer } = await import('inquirer')
    const prompt = inquirer.createPromptModule({ input: streams.stdin, output: streams.stderr, signal })
    try {
      const { answer } = (await prompt([{ ...question, name: 'answer' }] as never)) as { answer: T }
      return answer
    } catch (error) {
      // Ctrl-C inside a question reaches inquirer, not our signal handler; Ctrl-D closes it the same way.
      if (error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError')) throw new InterruptedError()
      throw error
    }
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
