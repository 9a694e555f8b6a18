/** Walks an MCP endpoint from end to end as a client would, with a task of its own that it removes again. */
import type { Clock } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { DeniedError, ExpectedError } from '../errors.ts'
import { McpSession, type McpWay } from './mcp-session.ts'

export interface WalkStep {
  step: 'initialize' | 'create' | 'read' | 'complete' | 'delete'
  /** `unknown`: we were not allowed to ask. */
  state: 'ok' | 'failed' | 'unknown' | 'skipped'
  seconds: number
  says: string
  next?: string | undefined
}

const steps = ['initialize', 'create', 'read', 'complete', 'delete'] as const

/** Every step, in order. After one that fails the rest is skipped, save the deletion of a task that was created. */
export async function walk(
  way: McpWay,
  deps: { clock: Clock; version: string; stepSeconds: number; interrupted: AbortSignal },
): Promise<WalkStep[]> {
  const session = new McpSession(way)
  const title = `task-mcp smoke ${new Date(deps.clock.now()).toISOString()}`
  let id: string | undefined
  const actions: Record<WalkStep['step'], (signal: AbortSignal) => Promise<string>> = {
    async initialize(signal) {
      const server = await session.initialize({ name: 'task-mcp-smoke', version: deps.version }, signal)
      return `${server.name} ${server.version} speaks ${server.protocol}`
    },
    async create(signal) {
      id = taskOf(await session.call('create_task', { title }, signal)).id
      return `task ${id}`
    },
    async read(signal) {
      const task = taskOf(await session.call('get_task', { id }, signal))
      if (task.title !== title) throw new WrongAnswer(`task ${id} came back with another title`)
      return 'the same title'
    },
    async complete(signal) {
      const task = taskOf(await session.call('complete_task', { id }, signal))
      if (task.status !== 'done' && task.status !== 'completed')
        throw new WrongAnswer(`task ${id} is ${task.status ?? 'without a status'} after it was completed`)
      return task.status
    },
    async delete(signal) {
      await session.call('delete_task', { id }, signal)
      return 'gone again'
    },
  }
  const done: WalkStep[] = []
  for (const step of steps) {
    const failed = done.some((one) => one.state !== 'ok')
    if (failed && !(step === 'delete' && id !== undefined)) {
      done.push({ step, state: 'skipped', seconds: 0, says: 'not reached' })
      continue
    }
    const started = deps.clock.now()
    const seconds = () => (deps.clock.now() - started) / 1000
    try {
      const says = await actions[step](AbortSignal.any([deps.interrupted, deadlineIn(deps.stepSeconds)]))
      done.push({ step, state: 'ok', seconds: seconds(), says })
    } catch (error) {
      if (deps.interrupted.aborted || !(error instanceof ExpectedError || error instanceof WrongAnswer)) throw error
      done.push({
        step,
        state: error instanceof DeniedError ? 'unknown' : 'failed',
        seconds: seconds(),
        says: error.message,
        next: error instanceof ExpectedError ? error.next : undefined,
      })
    }
  }
  return done
}

class WrongAnswer extends Error {}

/** The task of a tool's answer. */
function taskOf(answer: unknown): { id: string; title?: string; status?: string } {
  const task = (answer as { task?: unknown } | null)?.task ?? answer
  if (typeof task !== 'object' || task === null || !('id' in task)) throw new WrongAnswer('the answer holds no task')
  return task as { id: string }
}
