/** A world for tests: what is written is kept, files are in memory, time moves only when slept through, and nothing is connected. */
import path from 'node:path'
import { main } from '../../src/cli.ts'
import type { CommandEntry } from '../../src/commands/entry.ts'
import { wantsColor } from '../../src/commands/terminal.ts'
import type { Context, Terminal } from '../../src/context.ts'
import { type ExitCode, InterruptedError } from '../../src/errors.ts'

export interface WorldOptions {
  env?: Record<string, string>
  /** Files by absolute path. */
  files?: Record<string, string>
  cwd?: string
  /** A person at the terminal, and what they answer to each question in turn. */
  answers?: (boolean | string)[]
  now?: number
  signal?: AbortSignal
  targets?: Context['targets']
}

export interface World extends Context {
  stdout(): string
  stderr(): string
  /** The files as they are now. */
  disk: Map<string, string>
}

/** A world with these things in it; cwd is /project, home is /home/kim, nobody is at the terminal. */
export function aWorld(options: WorldOptions = {}): World {
  const disk = new Map(Object.entries(options.files ?? {}))
  const answers = [...(options.answers ?? [])]
  const person = options.answers !== undefined
  const env = options.env ?? {}
  let out = ''
  let err = ''
  let now = options.now ?? Date.parse('2026-11-23T03:12:00Z')
  const answer = async (question: string) => {
    err += `${question}\n`
    const next = answers.shift()
    if (next === undefined) throw new Error(`nobody answers "${question}"`)
    return next
  }
  const terminal: Terminal = {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    outIsTTY: person,
    errIsTTY: person,
    inIsTTY: person,
    columns: 80,
    color: wantsColor(env, person),
    confirm: async (question) => (await answer(question)) === true,
    input: async (question) => String(await answer(question)),
    select: async (question) => (await answer(question)) as never,
  }
  const absent = (file: string) => Object.assign(new Error(`ENOENT: no such file or directory, open '${file}'`), { code: 'ENOENT' })
  return {
    terminal,
    clock: {
      now: () => now,
      sleep: async (milliseconds, signal) => {
        if (signal.aborted) throw new InterruptedError()
        now += milliseconds
      },
    },
    signal: options.signal ?? new AbortController().signal,
    env,
    cwd: options.cwd ?? '/project',
    home: '/home/kim',
    root: path.resolve(import.meta.dirname, '../..'),
    version: '1.2.3',
    files: {
      read: async (file) => {
        const content = disk.get(file)
        if (content === undefined) throw absent(file)
        return content
      },
      write: async (file, content) => {
        disk.set(file, content)
      },
      append: async (file, content) => {
        disk.set(file, (disk.get(file) ?? '') + content)
      },
      // Bytes are kept as one character each.
      readBytes: async function* (file) {
        const content = disk.get(file)
        if (content === undefined) throw absent(file)
        const bytes = Buffer.from(content, 'latin1')
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
      },
      writeBytes: async (file, pieces) => {
        const parts: Uint8Array[] = []
        for await (const piece of pieces) parts.push(piece)
        disk.set(file, Buffer.concat(parts).toString('latin1'))
      },
      remove: async (file) => {
        disk.delete(file)
      },
      exists: async (file) => disk.has(file),
      list: async (directory) => {
        const names = [...disk.keys()].filter((file) => path.dirname(file) === directory).map((file) => path.basename(file))
        if (names.length === 0) throw absent(directory)
        return names
      },
    },
    targets:
      options.targets ??
      (() => {
        throw new Error('this test connects to nothing')
      }),
    stdout: () => out,
    stderr: () => err,
    disk,
  }
}

/** Type a command line in a world: exit code and what came out of it. `commands` replaces the table. */
export function cli(world: World, commands?: readonly CommandEntry[]) {
  return async (...argv: string[]): Promise<{ code: ExitCode; out: string; err: string }> => {
    const outBefore = world.stdout().length
    const errBefore = world.stderr().length
    const code = await main(argv, world, commands)
    return { code, out: world.stdout().slice(outBefore), err: world.stderr().slice(errBefore) }
  }
}
