import type { Verdict } from '../../src/diagnosis/verdict.ts'
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

type Asked = Pick<Fault, 'name' | 'expected' | 'subjects' | 'wrong' | 'also' | 'only'>

const unasked = (fault: Fault, asked: Asked, seed: number, store: string): Result => ({
  fault: asked.name,
  row: fault.row,
  runbook: fault.runbook,
  seed,
  store,
  expected: asked.expected,
  shown: '',
  injectSeconds: 0,
  diagnoseSeconds: 0,
  exitCode: undefined,
  judgement: undefined,
})

/** One fault, from nothing to the judgement of the answer, and away again: one result for each time that was asked. */
export async function runOnce(
  fault: Fault,
  seed: number,
  images: Images,
  options: { keepWrong: boolean; ask: boolean; fix: boolean; record?: string | undefined },
): Promise<Result[]> {
  const world = new World(seed, images, fault.store)
  const results: Result[] = []
  const undo: (() => Promise<void>)[] = []
  /** Makes what is asked about show, asks, and judges. */
  const askAbout = async (asked: Asked, make: () => Promise<string>, kubeconfig: string | undefined): Promise<Verdict | undefined> => {
    const result = unasked(fault, asked, seed, world.store)
    results.push(result)
    const started = performance.now()
    result.shown = await make()
    result.injectSeconds = (performance.now() - started) / 1000
    if (!options.ask) return undefined
    const answer = await ask(world, fault.runbook, kubeconfig, options.record !== undefined)
    const question = {
      expected: asked.expected,
      subjects: asked.subjects?.(world) ?? [],
      wrong: asked.wrong ?? [],
      ...(asked.also && { also: asked.also }),
      ...(asked.only && { only: asked.only }),
      secrets: world.secrets,
    }
    result.judgement = judge(question, answer.verdict, answer.said)
    if (options.record !== undefined && answer.seen !== undefined)
      await keepLook(options.record, { fault: { ...fault, name: asked.name }, seed, question, right: result.judgement.right }, answer.seen)
    result.diagnoseSeconds = answer.seconds
    result.exitCode = answer.code
    if (answer.verdict === undefined) result.broke = `exit ${answer.code}: ${answer.said.trim().slice(-300)}`
    return answer.verdict
  }
  try {
    await world.design()
    fault.prepare?.(world)
    undo.push(() => world.down(), ...(fault.repair ? [() => fault.repair!(world)] : []))
    await world.up()
    const sight = fault.sight === undefined || fault.sight === 'all' ? undefined : await kubeconfigFor(world, fault.sight)
    if (sight) undo.push(sight.remove)
    await sleep(fault.before ?? 0)
    const first = await askAbout(
      fault,
      async () => {
        await fault.inject?.(world)
        return fault.shows(world)
      },
      sight?.path,
    )
    const { next } = fault
    // Who may not be able to see the cause is not asked to cure it.
    const unseen = results[0]!.judgement?.right === true && results[0]!.judgement.found === 'inconclusive'
    if (options.fix && sight === undefined && next === undefined && !unseen) results[0]!.cure = await cure(world, fault)
    if (next !== undefined)
      await askAbout(
        next,
        async () => {
          await next.cure(world, first)
          return next.shows(world)
        },
        sight?.path,
      )
  } catch (error) {
    if (results.length === 0) results.push(unasked(fault, fault, seed, world.store))
    results.at(-1)!.broke = error instanceof Error ? error.message.slice(0, 400) : String(error)
  }
  const wrong = results.find((result) => result.broke !== undefined || result.judgement?.right === false || result.cure?.back === false)
  if (wrong !== undefined && options.keepWrong) wrong.kept = world.names.namespace
  else for (const step of undo.reverse()) await step().catch((error) => process.stderr.write(`clean-up: ${error}\n`))
  return results
}
