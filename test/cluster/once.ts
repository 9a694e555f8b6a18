import { ask } from './ask.ts'
import { type Cure, cure } from './cure.ts'
import type { Fault } from './fault.ts'
import { type Judgement, judge } from './judge.ts'
import { keepLook } from './keep-look.ts'
import { sleep } from './kubectl.ts'
import { kubeconfigFor } from './sight.ts'
import { type Images, World } from './world.ts'

export interface Result {
  fault: string
  row: string
  runbook: string
  seed: number
  store: string
  expected: readonly string[]
  /** The cluster's own words for the fault. */
  shown: string
  injectSeconds: number
  diagnoseSeconds: number
  exitCode: number | undefined
  judgement: Judgement | undefined
  /** What `task-mcp fix` came to, where it was asked for and can cure the fault. */
  cure?: Cure | undefined
  /** Why the run itself failed. */
  broke?: string
  /** Namespace that was left for a look. */
  kept?: string
}

/** One fault, from nothing to the judgement of the answer, and away again. */
export async function runOnce(
  fault: Fault,
  seed: number,
  images: Images,
  options: { keepWrong: boolean; ask: boolean; fix: boolean; record?: string | undefined },
): Promise<Result> {
  const world = new World(seed, images, fault.store)
  const result: Result = {
    fault: fault.name,
    row: fault.row,
    runbook: fault.runbook,
    seed,
    store: world.store,
    expected: fault.expected,
    shown: '',
    injectSeconds: 0,
    diagnoseSeconds: 0,
    exitCode: undefined,
    judgement: undefined,
  }
  const undo: (() => Promise<void>)[] = []
  try {
    await world.design()
    fault.prepare?.(world)
    undo.push(() => world.down(), ...(fault.repair ? [() => fault.repair!(world)] : []))
    await world.up()
    const sight = fault.sight === undefined || fault.sight === 'all' ? undefined : await kubeconfigFor(world, fault.sight)
    if (sight) undo.push(sight.remove)
    await sleep(fault.before ?? 0)
    const started = performance.now()
    await fault.inject?.(world)
    result.shown = await fault.shows(world)
    result.injectSeconds = (performance.now() - started) / 1000
    if (options.ask) {
      const answer = await ask(world, fault.runbook, sight?.path, options.record !== undefined)
      const question = {
        expected: fault.expected,
        subjects: fault.subjects?.(world) ?? [],
        wrong: fault.wrong ?? [],
        secrets: world.secrets,
      }
      result.judgement = judge(question, answer.verdict, answer.said)
      if (options.record !== undefined && answer.seen !== undefined)
        await keepLook(options.record, { fault, seed, question, right: result.judgement.right }, answer.seen)
      result.diagnoseSeconds = answer.seconds
      result.exitCode = answer.code
      if (answer.verdict === undefined) result.broke = `exit ${answer.code}: ${answer.said.trim().slice(-300)}`
      if (options.fix && sight === undefined) result.cure = await cure(world, fault)
    }
  } catch (error) {
    result.broke = error instanceof Error ? error.message.slice(0, 400) : String(error)
  }
  const wrong = result.broke !== undefined || result.judgement?.right === false || result.cure?.back === false
  if (wrong && options.keepWrong) result.kept = world.names.namespace
  else for (const step of undo.reverse()) await step().catch((error) => process.stderr.write(`clean-up: ${error}\n`))
  return result
}
