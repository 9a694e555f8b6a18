/** Asks the tool, as a person would: a task-mcp.yaml about the service in a folder of its own, one command. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Verdict } from '../../src/diagnosis/verdict.ts'
import { type Ran, run } from './kubectl.ts'
import type { World } from './world.ts'

const program = new URL('../../bin/task-mcp.js', import.meta.url).pathname

export interface Answer {
  verdict: Verdict | undefined
  code: number
  seconds: number
  /** All that was said, on both streams. */
  said: string
  /** The Snapshot, where it was asked for. */
  seen: string | undefined
}

/** What a user would write down about this service. */
export function describe(world: World): object {
  const { names } = world
  const store = { name: names.store, kind: 'StatefulSet', workload: names.store, service: names.store, port: 5432 }
  return {
    service: {
      namespace: names.namespace,
      workload: names.app,
      service: names.app,
      container: names.container,
      selector: world.labels,
      port: world.port,
      ...(world.edge === undefined ? {} : { edge: world.edge }),
      dependencies: [...(world.store === 'postgresql' ? [store] : []), ...world.dependencies],
      ...world.told.service,
    },
    ...(world.told.prometheus && { prometheus: world.told.prometheus }),
  }
}

/** `look`: what it saw comes back too. */
export async function ask(world: World, runbook: string, kubeconfig: string | undefined, look = false): Promise<Answer> {
  const line = ['diagnose', runbook, '--json', ...(look ? ['--record', 'look.json'] : [])]
  const ran = await typed(world, line, kubeconfig, 30)
  return { verdict: parsed(ran.out), code: ran.code, seconds: ran.seconds, said: ran.out + ran.err, seen: look ? ran.seen : undefined }
}

/** Types a command line about this service, in a folder and with a run record of its own. */
export async function typed(
  world: World,
  line: readonly string[],
  kubeconfig: string | undefined,
  timeoutSeconds: number,
): Promise<Ran & Pick<Answer, 'seen'>> {
  const folder = await mkdtemp(join(tmpdir(), 'ask-'))
  try {
    await writeFile(join(folder, 'task-mcp.yaml'), stringify(describe(world)))
    const env = { TASK_MCP_RECORD: join(folder, 'record.jsonl'), ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) }
    const ran = await run(process.execPath, [program, ...line], { cwd: folder, env, timeoutSeconds })
    return { ...ran, seen: await readFile(join(folder, 'look.json'), 'utf8').catch(() => undefined) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Runs a command of the tool, as its answer says it: `task-mcp scale ... -n shop`. Nobody is asked. @throws Error with what it said, when it failed. */
export async function obey(world: World, command: string): Promise<void> {
  const [tool, ...words] = command.split(' ').filter(Boolean)
  if (tool !== 'task-mcp') throw new Error(`"${command}" is no command of the tool`)
  const ran = await typed(world, [...words, '--yes'], undefined, 300)
  if (ran.code !== 0) throw new Error(`${command}: ${(ran.err || ran.out).trim().slice(-400)}`)
}

function parsed(text: string): Verdict | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
