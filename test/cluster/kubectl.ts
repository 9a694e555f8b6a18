import { spawn } from 'node:child_process'

export interface Ran {
  code: number
  out: string
  err: string
  seconds: number
}

export interface RunOptions {
  input?: string
  env?: Record<string, string | undefined>
  cwd?: string
  timeoutSeconds?: number
}

/** Runs a program to its end and gives what it said. A program that is too slow is killed, and its code is 124. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let late = false
    const timer = setTimeout(
      () => {
        late = true
        child.kill('SIGKILL')
      },
      (options.timeoutSeconds ?? 60) * 1000,
    )
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({
        code: late ? 124 : (code ?? 1),
        out: Buffer.concat(out).toString(),
        err: Buffer.concat(err).toString(),
        seconds: (performance.now() - started) / 1000,
      })
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** kubectl, for the cluster of KUBECONFIG. @throws Error with what kubectl said, when it failed. */
export async function kubectl(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run('kubectl', args, options)
  if (ran.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.err.trim() || `exit ${ran.code}`}`)
  return ran.out
}

// biome-ignore lint/suspicious/noExplicitAny: objects of the cluster are looked into freely here, and a wrong path fails the run.
export type Any = any

/** Applies objects of any kind, of any size, into a namespace where they name none. */
export const apply = (namespace: string | undefined, ...items: object[]): Promise<void> => applied(namespace, ['--server-side'], items)

/** The same as a person deploys: kubectl writes into an annotation what was applied. */
export const deploy = (namespace: string, ...items: object[]): Promise<void> => applied(namespace, [], items)

async function applied(namespace: string | undefined, how: readonly string[], items: readonly object[]): Promise<void> {
  const place = namespace === undefined ? [] : ['-n', namespace]
  await kubectl([...place, 'apply', ...how, '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
}

export const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** Asks every second until something is seen, and gives it. @throws Error saying what was waited for. */
export async function until<T>(what: string, seconds: number, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) throw new Error(`${what}: not seen in ${seconds} s`)
    await sleep(1)
  }
}
