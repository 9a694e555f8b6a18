/**
 * Three replicas on PostgreSQL, each harm under load with real clients: what was acknowledged must be there, once, and streams must
 * be told everything. `--help` says how.
 */
import { execFile } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import { sleep, until } from '../kubectl.ts'
import { World } from '../world.ts'
import { awayFrom, type Balance, closeLedger, openLedger } from './ledger.ts'

const help = `usage: npm run test:replicas -- [options]        for the cluster of KUBECONFIG
  --seed N            names and ports; printed when not given
  --only A,B          rounds: ${'rolling, killed, database, frozen'}
  --image NAME        image of the service on the nodes (default localhost/task-mcp:1)
  --database NAME     image with PostgreSQL's programs (default localhost/services:1)
  --frozen-node NAME  node whose kubelet is frozen, with
  --freeze COMMAND    and
  --thaw COMMAND      for the shell of this machine; without them that round is left out
  --keep              leave the namespace
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', default: 'rolling,killed,database,frozen' },
    image: { type: 'string', default: 'localhost/task-mcp:1' },
    database: { type: 'string', default: 'localhost/services:1' },
    'frozen-node': { type: 'string' },
    freeze: { type: 'string' },
    thaw: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const shell = (command: string): Promise<unknown> => promisify(execFile)('sh', ['-c', command])
const frozenSeconds = 45

interface Round {
  readonly name: string
  readonly about: string
  /** Whether a request may fail at all: nothing is lost by it, but in a planned restart none should. */
  readonly mayFail: boolean
  readonly harm: (world: World) => Promise<void>
}

const rounds: readonly Round[] = [
  {
    name: 'rolling',
    about: 'rolling restart of all replicas',
    mayFail: false,
    harm: async (world) => {
      const before = new Set((await world.pods()).map((pod) => pod.metadata.uid))
      await world.restart()
      await world.settled()
      await until('the old replicas are gone', 90, async () => (await world.pods()).every((pod) => !before.has(pod.metadata.uid)))
    },
  },
  {
    name: 'killed',
    about: 'a replica killed without notice',
    mayFail: true,
    harm: async (world) => {
      const [pod] = await world.pods()
      await world.k('delete', 'pod', pod.metadata.name, '--grace-period=0', '--force', '--wait=false')
      await sleep(3)
      await world.settled()
    },
  },
  {
    name: 'database',
    about: 'PostgreSQL restarted as by a crash',
    mayFail: true,
    harm: async (world) => {
      const pod = `${world.names.store}-0`
      // At once, without a checkpoint: it comes back by its write-ahead log.
      await world.k('exec', pod, '--', 'sh', '-c', 'kill -QUIT 1')
      await until('PostgreSQL was restarted', 60, async () => {
        const [status] = (await world.get('pod', pod)).status.containerStatuses
        return status.restartCount > 0 && status.ready
      })
      await until('every replica is ready', 60, async () => (await world.get('deployment', world.names.app)).status.readyReplicas === 3)
    },
  },
  {
    name: 'frozen',
    about: `a node's kubelet frozen for ${frozenSeconds} s`,
    mayFail: true,
    harm: async (world) => {
      await shell(values.freeze!)
      try {
        await sleep(frozenSeconds)
      } finally {
        await shell(values.thaw!)
      }
      await until('every replica is ready', 120, async () => (await world.get('deployment', world.names.app)).status.readyReplicas === 3)
    },
  },
]

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

function row({ name, about }: Round, took: number, found: Balance): string {
  const failed = Object.entries(found.failures).map(([how, count]) => `${count} x ${how}`)
  return `| ${about} (${name}, ${took.toFixed(0)} s) | ${found.acknowledged} | ${failed.length === 0 ? '0' : failed.join(', ')} of ${found.requests} | ${found.lost} | ${found.doubled} | ${seconds(found.longestWaitMs)} | ${found.streams}, resumed ${found.resumed} times | ${found.missed} | ${found.twice} | ${seconds(found.longestGapMs)} |`
}

const wellDone = ({ mayFail }: Round, { lost, doubled, missed, failures }: Balance): boolean =>
  lost === 0 && doubled === 0 && missed === 0 && (mayFail || Object.keys(failures).length === 0)

/**
 * Lets the service find PostgreSQL by its address, and gives its own: where the only DNS server of a small cluster is on the node that
 * is frozen, nobody's names would be resolved, and that is not what is asked here.
 */
async function byAddress(world: World): Promise<string> {
  const { app, store } = world.names
  const addressOf = async (service: string): Promise<string> => (await world.get('service', service)).spec.clusterIP
  await world.release({ op: 'add', path: '/hostAliases', value: [{ ip: await addressOf(store), hostnames: [store] }] })
  await world.settled()
  return addressOf(app)
}

async function main(): Promise<number> {
  if (values.help) {
    print(help)
    return 0
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 100_000) : Number(values.seed)
  const node = values['frozen-node']
  const canFreeze = node !== undefined && values.freeze !== undefined && values.thaw !== undefined
  const chosen = rounds.filter(({ name }) => values.only.split(',').includes(name) && (name !== 'frozen' || canFreeze))
  const world = new World(seed, { app: values.image, database: values.database }, 'postgresql')
  world.replicas = 3
  world.load = { pause: 2000, workers: 1 }
  await world.design()
  // As shipped: long enough for every node to hear that a replica takes no more.
  world.settings.TASK_MCP_DRAIN_DELAY = '5s'
  world.settings.TASK_MCP_DRAIN_TIMEOUT = '20s'
  if (canFreeze) world.find('StatefulSet', world.names.store).spec.template.spec.affinity = awayFrom(node)
  print(`seed ${seed}, namespace ${world.names.namespace}, rounds: ${chosen.map(({ name }) => name).join(', ')}`)
  let well = true
  try {
    await world.up()
    const host = canFreeze ? await byAddress(world) : world.names.app
    const lines: string[] = []
    for (const round of chosen) {
      await openLedger(world, round.name, host, canFreeze ? node : undefined)
      const since = performance.now()
      await round.harm(world)
      const took = (performance.now() - since) / 1000
      await sleep(12)
      const found = await closeLedger(world, round.name)
      lines.push(row(round, took, found))
      well &&= wellDone(round, found)
      print(lines.at(-1)!)
    }
    print(
      '\n| harm | acknowledged writes | failed requests | lost | doubled | longest wait for one write | streams | changes missed | told twice | longest cut |',
    )
    print('|---|---|---|---|---|---|---|---|---|---|')
    for (const line of lines) print(line)
  } finally {
    if (!values.keep) await world.down()
  }
  return well ? 0 : 1
}

process.exitCode = await main()
