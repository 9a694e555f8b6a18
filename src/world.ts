/** The real world: the one place that reads the clock, the environment and the process. Everything else is handed a Context. */
import { createReadStream } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { openTerminal } from './commands/terminal.ts'
import type { Clock, Context, Files } from './context.ts'
import { InterruptedError, UsageError } from './errors.ts'
import { makeTargets } from './targets/index.ts'

let written = 0

/** What the operating system refuses is a person's to mend: another place, more room, another owner. */
async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    // As Node words it: "EISDIR: illegal operation on a directory, rename ...".
    const why = error.message.split(': ').slice(1).join(': ').split(',')[0]
    throw new UsageError(`cannot write ${file}: ${why}`, 'name another file, or see to it that this one can be written', { cause: error })
  }
}

/** Writes beside the file first and moves it into place, so that nobody ever sees half of it. */
async function replacing(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${file}.${process.pid}.${++written}.partial`
  try {
    await mkdir(path.dirname(file), { recursive: true })
    await write(temporary)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

export const files: Files = {
  read: (file) => readFile(file, 'utf8'),
  write: (file, content) => writing(file, () => replacing(file, (temporary) => writeFile(temporary, content))),
  append: (file, content) =>
    writing(file, async () => {
      await mkdir(path.dirname(file), { recursive: true })
      const handle = await open(file, 'a', 0o600)
      try {
        await handle.appendFile(content)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    }),
  readBytes: (file) => createReadStream(file),
  writeBytes: (file, pieces) =>
    writing(file, () =>
      replacing(file, async (temporary) => {
        const handle = await open(temporary, 'wx', 0o600)
        try {
          for await (const piece of pieces) await handle.writeFile(piece)
          await handle.datasync()
        } finally {
          await handle.close()
        }
      }),
    ),
  remove: (file) => rm(file, { force: true }),
  exists: (file) =>
    access(file).then(
      () => true,
      () => false,
    ),
  list: (directory) => readdir(directory),
}

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        reject(signal.reason instanceof Error && signal.reason.name !== 'AbortError' ? signal.reason : new InterruptedError())
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, milliseconds)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    }),
}

/** The context of this process; `stop` aborts its signal. */
export function openWorld(version: string): { context: Context; stop: AbortController; unwritten: () => Error | undefined } {
  const stop = new AbortController()
  const env = process.env
  const home = homedir()
  let unwritten: Error | undefined
  const gone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unwritten = error
    stop.abort(new InterruptedError('nobody reads the answer any more'))
  }
  const context: Context = {
    terminal: openTerminal(process, env, stop.signal, gone),
    clock,
    signal: stop.signal,
    env,
    cwd: process.cwd(),
    home,
    // src/ and dist/ are both directly below it.
    root: path.dirname(import.meta.dirname),
    files,
    version,
    targets: (settings) => makeTargets(settings, { env, home }),
  }
  return { context, stop, unwritten: () => unwritten }
}
