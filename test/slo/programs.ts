/** The programs that some tests need and that not every machine has: promtool, prometheus, amtool. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program: the environment variable of its name in capitals, else PATH; undefined when it is nowhere. */
export function program(name: 'promtool' | 'prometheus' | 'amtool' | 'alertmanager'): string | undefined {
  const named = process.env[name.toUpperCase()]
  // Debian calls it by a longer name.
  const names = name === 'alertmanager' ? [name, 'prometheus-alertmanager'] : [name]
  const folders = (process.env.PATH ?? '').split(delimiter)
  const candidates = named ? [named] : names.flatMap((one) => folders.map((folder) => join(folder, one)))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Runs a program in a folder; gives everything it said and its exit code, without throwing for a failure. */
export function run(path: string, args: readonly string[], cwd: string, input?: string): { code: number; said: string } {
  try {
    return { code: 0, said: execFileSync(path, args, { cwd, input, encoding: 'utf8', stdio: 'pipe', maxBuffer: 64 << 20 }) }
  } catch (error) {
    const failure = error as { status?: number; stdout?: string; stderr?: string }
    if (typeof failure.status !== 'number') throw error
    return { code: failure.status, said: `${failure.stdout ?? ''}${failure.stderr ?? ''}` }
  }
}
