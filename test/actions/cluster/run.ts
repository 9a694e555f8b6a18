/** Proof of the actions on a real cluster: see docs/actions.md and `--help`. Namespaces of its own, gone afterwards. */
import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { kubectl } from '../../cluster/kubectl.ts'
import { inMemory, kill, onCluster } from './kill.ts'
import { load } from './load.ts'
import { overhead } from './overhead.ts'
import { undo } from './undo.ts'

const help = `usage: node test/actions/cluster/run.ts kill|undo|load|overhead [options]     for the cluster of KUBECONFIG
  --seed N     moments and names; printed when not given
  --rounds N   how often kill and overhead do it (default 10)
  --memory     kill, on a cluster in memory behind a real port
  --image I    image of the service on the nodes (default localhost/task-mcp:1), for load
  --out FILE   results as JSON
`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    memory: { type: 'boolean', default: false },
    image: { type: 'string', default: 'localhost/task-mcp:1' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? randomInt(100_000))
const namespace = `prove-${seed}-${randomInt(1000)}`

async function main(): Promise<number> {
  const [what] = positionals
  process.stdout.write(`seed ${seed}\n`)
  let good: boolean
  let results: unknown
  if (what === 'kill') {
    const place = values.memory ? await inMemory() : await onCluster(namespace)
    const found = await kill(place, seed, Number(values.rounds)).finally(place.close)
    good = found.every(({ generations, code, unknown }) => generations === 1 && code === 0 && unknown === 0)
    results = found
    process.stdout.write(
      `${found.length} kills, applied once ${found.filter((one) => one.generations === 1).length}, unknown afterwards ${found.at(-1)?.unknown}, finished by the same line ${found.filter((one) => one.finished).length}\n`,
    )
  } else if (what === 'undo') {
    const found = await undo(namespace)
    good = found.every(({ changed, difference }) => changed && difference === '')
    results = found
    process.stdout.write(
      `${found.filter((one) => one.changed && one.difference === '').length} of ${found.length} actions undone field by field\n`,
    )
  } else if (what === 'load') {
    const found = await load(seed, { app: values.image, database: 'localhost/services:1' })
    good = found.every(({ code, refused, lost }) => code === 0 && refused + lost === 0)
    results = found
  } else if (what === 'overhead') {
    results = await overhead(namespace, Number(values.rounds))
    good = true
  } else {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify({ seed, what, results }, undefined, 1)}\n`)
  return good ? 0 : 1
}

try {
  process.exitCode = await main()
} finally {
  if (!values.memory) await kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'])
}
