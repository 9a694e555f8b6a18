/** A program of one's own: started without a shell, the message on its standard input. Exit code 75 (EX_TEMPFAIL) means try again. */
import { spawn } from 'node:child_process'
import { UsageError } from '../errors.ts'
import { redact } from '../facts/redact.ts'
import type { ChannelSettings } from '../settings.ts'
import { abortError } from './http-request.ts'
import { deliver, NotDelivered } from './notify-deliver.ts'
import type { Notice, Notifier } from './ports.ts'

const temporary = 75

export function command(channel: ChannelSettings): Notifier {
  return {
    kind: 'command',
    where: channel.argv[0]!,
    preview: async (notice) => `${argvOf(channel.argv, notice).map(quoted).join(' ')}\n\n${stdinOf(notice)}`,
    send: async (notice, clock, signal) => {
      const argv = argvOf(channel.argv, notice)
      return deliver((bounded) => run(argv, stdinOf(notice), bounded), channel.timeoutSeconds, clock, signal)
    },
  }
}

const stdinOf = (notice: Notice): string => `${notice.subject}\n\n${notice.text}\n`

/** The words with `{reach}`, `{name}` and `{level}` filled in. A person's name must not turn into an option of the program. */
function argvOf(argv: readonly string[], { to }: Notice): string[] {
  const values: Record<string, string> = { reach: to.reach ?? '', name: to.name, level: String(to.level) }
  return argv.map((word) => {
    const filled = word.replace(/\{(reach|name|level)\}/g, (_, name: string) => values[name]!)
    if (filled.startsWith('-') && !word.startsWith('-')) throw new UsageError(`"${filled}" would be read as an option of ${argv[0]}`)
    return filled
  })
}

function run(argv: readonly string[], stdin: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program = '', ...rest] = argv
    const child = spawn(program, rest, { stdio: ['pipe', 'ignore', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(0, 2000)
    })
    const stop = () => {
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), 1000).unref()
      reject(abortError(signal, program))
    }
    signal.addEventListener('abort', stop, { once: true })
    const end = (finish: () => void) => {
      signal.removeEventListener('abort', stop)
      finish()
    }
    // A program that does not read its input is no failure of ours.
    child.stdin.on('error', () => {})
    child.on('error', (error: NodeJS.ErrnoException) =>
      end(() =>
        reject(
          new NotDelivered(`${program} cannot be started: ${error.code === 'ENOENT' ? 'there is no such program' : error.message}`, false),
        ),
      ),
    )
    child.on('close', (code, killed) => {
      const words = redact(complaint.trim().split('\n')[0] ?? '').slice(0, 160)
      const said = `${program} ended with ${code ?? killed}${words === '' ? '' : `: ${words}`}`
      end(() => (code === 0 ? resolve('the program took it') : reject(new NotDelivered(said, code === temporary))))
    })
    child.stdin.end(stdin)
  })
}

const quoted = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
