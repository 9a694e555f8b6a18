/** Faults on a real cluster: makes the service, breaks it, asks the tool, compares. See docs/accuracy.md and `--help`. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Fault } from './fault.ts'
import { faults } from './faults/index.ts'
import { type Result, runOnce } from './once.ts'
import { seeded } from './random.ts'

const help = `usage: npm run test:cluster -- [options]        for the cluster of KUBECONFIG
  --seed N         names, ports, sizes and noise; printed when not given
  --only A,B       faults or rows whose name contains one of these
  --sample N       so many faults, drawn by the seed: a quarter of them healthy, none that takes minutes
  --repeat K       each so often, every time under other names
  --jobs J         so many at once (default 3)
  --image NAME     image of the service on the nodes (default localhost/task-mcp:1)
  --database NAME  image with PostgreSQL's programs (default localhost/services:1)
  --out FILE       results as JSON (default cluster-results.json)
  --record-dir DIR what each run saw, to be judged again without a cluster: test/scenarios/looks
  --list           names of the faults
  --keep-wrong     leave the namespace of a wrong answer
  --fix            after the answer let \`task-mcp fix\` cure what it can, and look whether the service is back
  --inject-only    do not ask; show what the cluster shows
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    sample: { type: 'string' },
    repeat: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '3' },
    image: { type: 'string', default: 'localhost/task-mcp:1' },
    database: { type: 'string', default: 'localhost/services:1' },
    out: { type: 'string', default: 'cluster-results.json' },
    'record-dir': { type: 'string' },
    list: { type: 'boolean', default: false },
    'keep-wrong': { type: 'boolean', default: false },
    fix: { type: 'boolean', default: false },
    'inject-only': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const seed = values.seed === undefined ? Math.floor(Math.random() * 100_000) : Number(values.seed)

/** A share of the suite that the seed draws: a quarter healthy, the rest from the other rows. */
function sampled(chosen: readonly Fault[], count: number): Fault[] {
  const random = seeded(seed)
  const draw = (from: Fault[], wanted: number): Fault[] => {
    const left = [...from]
    return Array.from({ length: Math.min(wanted, left.length) }, () => left.splice(random.int(0, left.length - 1), 1)[0]!)
  }
  const quick = chosen.filter((fault) => !fault.long && !fault.alone)
  const well = draw(
    quick.filter((fault) => fault.row === 'healthy'),
    Math.round(count / 4),
  )
  return [
    ...draw(
      quick.filter((fault) => fault.row !== 'healthy'),
      count - well.length,
    ),
    ...well,
  ]
}

function line(result: Result): string {
  const { fault, row, expected, judgement: judged } = result
  const word = result.broke ? 'BROKE' : judged === undefined ? 'seen' : judged.right ? 'right' : judged.cause ? 'object?' : 'WRONG'
  const trouble = [judged?.harm.length ? `HARM ${judged.harm.join()}` : '', judged?.leaked ? 'LEAK' : ''].filter(Boolean).join(' ')
  const seconds = `${result.injectSeconds.toFixed(0).padStart(4)} s ${result.diagnoseSeconds.toFixed(2).padStart(6)} s`
  return `${word.padEnd(8)}${seconds}  ${row.padEnd(12)}${fault.padEnd(58).slice(0, 58)} ${expected.join('|')} -> ${result.broke ?? judged?.found ?? result.shown}${cured(result)}${trouble ? `  ${trouble}` : ''}${result.kept ? `  kept ${result.kept}` : ''}`
}

const cured = ({ cure }: Result): string =>
  cure === undefined
    ? ''
    : cure.back
      ? `  cured by ${cure.did} in ${cure.seconds.toFixed(0)} s`
      : `  NOT CURED by ${cure.did} (exit ${cure.exitCode}): ${cure.said}`

function summary(results: readonly Result[]): boolean {
  const asked = results.filter((result) => result.judgement)
  const sick = asked.filter((result) => result.row !== 'healthy')
  const well = asked.filter((result) => result.row === 'healthy')
  const seconds = asked.map((result) => result.diagnoseSeconds).sort((a, b) => a - b)
  const at = (share: number): string => (seconds[Math.min(seconds.length - 1, Math.floor(seconds.length * share))] ?? 0).toFixed(2)
  const right = (some: readonly Result[]): number => some.filter((result) => result.judgement?.right).length
  const harm = asked.filter((result) => result.judgement?.harm.length).length
  const leaks = asked.filter((result) => result.judgement?.leaked).length
  const broke = results.filter((result) => result.broke).length
  print(
    `\nseed ${seed}: right ${right(sick)}/${sick.length}, false alarms ${well.length - right(well)}/${well.length}, harmful remedies ${harm}, leaks ${leaks}, runs that broke ${broke}, diagnose p50 ${at(0.5)} s p95 ${at(0.95)} s`,
  )
  const tried = results.flatMap(({ cure }) => cure ?? [])
  const back = tried.filter((cure) => cure.back)
  if (values.fix) print(`cured ${back.length}/${tried.length}, by the right action ${back.filter((cure) => cure.right).length}`)
  return right(asked) === asked.length && harm + leaks + broke === 0 && back.length === tried.length
}

async function main(): Promise<number> {
  if (values.help) {
    print(help)
    return 0
  }
  const words = values.only.split(',').filter(Boolean)
  const named = faults.filter((fault) => words.length === 0 || words.some((word) => fault.name.includes(word) || fault.row === word))
  const chosen = values.sample === undefined ? named : sampled(named, Number(values.sample))
  if (values.list) {
    for (const fault of chosen) print(`${fault.row.padEnd(12)} ${fault.name}`)
    return 0
  }
  if (chosen.length === 0) {
    print('no such fault; --list has their names')
    return 2
  }
  print(`seed ${seed}, ${chosen.length} faults, ${values.repeat} times`)
  const jobs = Array.from({ length: Number(values.repeat) }, (_, round) =>
    chosen.map((fault, index) => ({ fault, seed: seed * 1000 + round * 200 + index })),
  ).flat()
  const results: Result[] = []
  const work = async (queue: typeof jobs): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const made = await runOnce(
        job.fault,
        job.seed,
        { app: values.image, database: values.database },
        { keepWrong: values['keep-wrong'], ask: !values['inject-only'], fix: values.fix, record: values['record-dir'] },
      )
      results.push(...made)
      for (const result of made) print(line(result))
      // At once: a run that is stopped keeps what it has.
      await writeFile(values.out, `${JSON.stringify({ seed, results }, undefined, 1)}\n`)
    }
  }
  const together = jobs.filter((job) => !job.fault.alone)
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => work(together)))
  await work(jobs.filter((job) => job.fault.alone))
  return summary(results) ? 0 : 1
}

process.exitCode = await main()
