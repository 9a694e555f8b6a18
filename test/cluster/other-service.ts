/** The same runbooks on a service that is not ours (nginx before a shop in Perl), on the cluster of KUBECONFIG. See `--help`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import type { Verdict } from '../../src/diagnosis/verdict.ts'
import { judge } from './judge.ts'
import { run, sleep } from './kubectl.ts'
import type { Result } from './once.ts'
import { type Case, cases } from './other/cases.ts'
import { OtherWorld } from './other/world.ts'

const help = `usage: node test/cluster/other-service.ts [options]
  --seed N       names and ports; printed when not given
  --only A,B     cases whose name contains one of these
  --image NAME   image with perl, nginx and curl (default localhost/services:1)
  --out FILE     results as JSON (default other-results.json)
  --keep-wrong   leave the namespace of a wrong answer
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    image: { type: 'string', default: 'localhost/services:1' },
    out: { type: 'string', default: 'other-results.json' },
    'keep-wrong': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const program = process.env.TASK_MCP_PROGRAM ?? new URL('../../bin/task-mcp.js', import.meta.url).pathname

async function diagnose(
  world: OtherWorld,
  runbook: string,
): Promise<{ verdict: Verdict | undefined; said: string; code: number; seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'other-'))
  try {
    await writeFile(join(folder, 'task-mcp.yaml'), stringify(world.settings(`${await world.edgeUrl()}/cart`)))
    const ran = await run(process.execPath, [program, 'diagnose', runbook, '--json'], { cwd: folder, timeoutSeconds: 40 })
    let verdict: Verdict | undefined
    try {
      verdict = JSON.parse(ran.out)
    } catch {}
    return { verdict, said: ran.out + ran.err, code: ran.code, seconds: ran.seconds }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function once(one: Case, seed: number): Promise<Result> {
  const world = new OtherWorld(seed, { programs: values.image })
  const result: Result = {
    fault: one.name,
    row: `other: ${one.row}`,
    runbook: one.runbook,
    seed,
    store: 'none',
    expected: one.expected,
    shown: '',
    injectSeconds: 0,
    diagnoseSeconds: 0,
    exitCode: undefined,
    judgement: undefined,
  }
  try {
    await world.up()
    await sleep(one.before ?? 0)
    const started = performance.now()
    await one.inject?.(world)
    result.shown = await one.shows(world)
    result.injectSeconds = (performance.now() - started) / 1000
    const answer = await diagnose(world, one.runbook)
    const subjects = one.subject === undefined ? [] : [one.subject(world)]
    result.judgement = judge({ expected: one.expected, subjects, wrong: one.wrong ?? [], secrets: [] }, answer.verdict, answer.said)
    result.diagnoseSeconds = answer.seconds
    result.exitCode = answer.code
    if (answer.verdict === undefined) result.broke = `exit ${answer.code}: ${answer.said.trim().slice(-300)}`
  } catch (error) {
    result.broke = error instanceof Error ? error.message.slice(0, 400) : String(error)
  }
  if (values['keep-wrong'] && result.judgement?.right !== true) result.kept = world.namespace
  else await world.down()
  return result
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const words = values.only.split(',').filter(Boolean)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 100_000) : Number(values.seed)
  const chosen = cases.filter((one) => words.length === 0 || words.some((word) => one.name.includes(word)))
  process.stdout.write(`seed ${seed}, ${chosen.length} cases\n`)
  const queue = chosen.map((one, index) => ({ one, seed: seed * 100 + index }))
  const results: Result[] = []
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const result = await once(job.one, job.seed)
      results.push(result)
      const word = result.broke ? 'BROKE' : result.judgement?.right ? 'right' : 'WRONG'
      const harm = result.judgement?.harm.length ? `  HARM ${result.judgement.harm.join()}` : ''
      process.stdout.write(
        `${word.padEnd(7)}${result.diagnoseSeconds.toFixed(2).padStart(6)} s  ${result.fault.padEnd(42)} ${result.shown} -> ${result.broke ?? result.judgement?.found}${harm}${result.kept ? `  kept ${result.kept}` : ''}\n`,
      )
    }
  }
  await Promise.all([work(), work(), work()])
  await writeFile(values.out, `${JSON.stringify({ seed, results }, undefined, 1)}\n`)
  return results.every((result) => result.judgement?.right && result.judgement.harm.length === 0) ? 0 : 1
}

process.exitCode = await main()
