/** Proof of the actions on a real cluster: see docs/actions.md and `--help`. Namespaces of its own, gone afterwards. */
import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { kubectl } from '../../cluster/kubectl.ts'
import { asked } from './asked.ts'
import { block } from './block.ts'
import { cut } from './cut.ts'
import { inMemory, kill } from './kill.ts'
import { load } from './load.ts'
import { people } from './people.ts'
import { trouble } from './trouble.ts'
import { undo } from './undo.ts'

const help = `usage: npm run build && npm run test:actions -- WHAT [options]     for the cluster of KUBECONFIG
  undo     every action and its undo: field by field as before
  load     restart, rollback, limit, block on three replicas under real MCP clients: no request fails
  cut      kill -9 of seven actions at random moments: finished or taken back by the next command, never twice
  trouble  409, 429, cut connections before the real API server; with --freeze and --thaw, one that stands still
  people   two people at once on one object: the second is told
  block    asked from the blocked side, by the server's list and by NetworkPolicies
  asked    dry run, no --yes, no rights, plans of other clusters, over or changed: each said as it is
  kill     kill -9 of restart on a cluster in memory; needs no cluster
options:
  --seed N     moments and names; printed when not given
  --rounds N   how often kill and cut do it (default 10)
  --only A,B   actions
  --image I    image of the service on the nodes (default localhost/task-mcp:1), for load and block
  --freeze C   command that stops the API server, for the shell of this machine, and
  --thaw C     the one that lets it go on
  --out FILE   results as JSON
`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    image: { type: 'string', default: 'localhost/task-mcp:1' },
    freeze: { type: 'string' },
    thaw: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? randomInt(100_000))
const namespace = `prove-${seed}-${randomInt(1000)}`
const images = { app: values.image, database: 'localhost/services:1' }
const only = values.only.split(',').filter(Boolean)
const rounds = Number(values.rounds)

/** Each proof gives what it found; a finding is good when nothing is `wrong` with it. */
const proofs: Readonly<Record<string, () => Promise<readonly { wrong: string }[]>>> = {
  undo: async () =>
    (await undo(namespace)).map((one) => ({ ...one, wrong: one.changed && one.difference === '' ? '' : one.difference || 'not changed' })),
  load: async () =>
    (await load(seed, images, only)).map((one) => ({
      ...one,
      wrong: [
        one.code === 0 ? '' : `exit ${one.code}`,
        Object.keys(one.failures).length === 0 ? '' : 'requests failed',
        one.lost + one.doubled === 0 ? '' : 'writes lost or doubled',
        // A stream that resumes may be told again what it has heard; it may miss nothing.
        one.missed === 0 ? '' : 'streams missed something',
        one.left === 0 ? '' : `${one.left} old pods still there`,
      ]
        .filter(Boolean)
        .join('; '),
    })),
  cut: () => cut(namespace, seed, rounds, only),
  trouble: () =>
    trouble(
      namespace,
      only,
      values.freeze === undefined || values.thaw === undefined ? undefined : { freeze: values.freeze, thaw: values.thaw },
    ),
  people: () => people(namespace, only),
  block: () => block(seed, images),
  asked: () => asked(namespace),
  kill: async () => {
    const place = await inMemory()
    return (await kill(place, seed, rounds).finally(place.close)).map((one) => ({
      ...one,
      wrong: one.generations === 1 && one.code === 0 && one.unknown === 0 ? '' : 'not once, or unknown',
    }))
  },
}

const proof = proofs[positionals[0] ?? '']
if (proof === undefined || values.help) {
  process.stdout.write(help)
  process.exitCode = values.help ? 0 : 2
} else {
  process.stdout.write(`seed ${seed}\n`)
  try {
    const results = await proof()
    const good = results.filter(({ wrong }) => wrong === '').length
    process.stdout.write(`${positionals[0]}: ${good} of ${results.length} as they should be\n`)
    for (const one of results) if (one.wrong !== '') process.stdout.write(`WRONG ${JSON.stringify(one)}\n`)
    if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify({ seed, what: positionals[0], results }, undefined, 1)}\n`)
    process.exitCode = good === results.length ? 0 : 1
  } finally {
    if (positionals[0] !== 'kill') await kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'])
  }
}
