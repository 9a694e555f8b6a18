/** The real world: the one place that reads the clock, the environment and the process. Everything else is handed a Context. */
import { createReadStream } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { openTerminal } from './commands/terminal.ts'
import type { Clock, Context, Files } from './context.ts'
import { InterruptedError } from './errors.ts'
import { makeTargets } from './targets/index.ts'

let written = 0

export const files: Files = {
  read: (file) => readFile(file, 'utf8'),
  async write(file, content) {
    await mkdir(path.dirname(file), { recursive: true })
    const temporary = `${file}.${process.pid}.${++written}.partial`
    try {
      await writeFile(temporary, content)
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  },
  async append(file, content) {
    await mkdir(path.dirname(file), { recursive: true })
    const handle = await open(file, 'a', 0o600)
    try {
      await handle.appendFile(content)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  },
  readBytes: (file) => createReadStream(file),
  async writeBytes(file, pieces) {
    await mkdir(path.dirname(file), { recursive: true })
    const temporary = `${file}.${process.pid}.${++written}.partial`
    try {
      const handle = await open(temporary, 'wx', 0o600)
      try {
        for await (const piece of pieces) await handle.writeFile(piece)
        await handle.datasync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  },
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
