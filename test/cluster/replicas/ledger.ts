/** The ledger client in a pod of its own, what it wrote down, and how that compares with the database. */
import { clientProgram, workload } from '../clients.ts'
import { kubectl, until } from '../kubectl.ts'
import type { World } from '../world.ts'

export interface Ledger {
  readonly requests: number
  /** Task ids by idempotency key, which is the title too. */
  readonly acknowledged: Readonly<Record<string, string>>
  readonly failures: ReadonlyArray<{ at: number; what: string; how: string }>
  readonly longestWaitMs: number
  readonly streams: ReadonlyArray<{ heard: readonly number[]; twice: number; resumed: number; refused: number; longestGapMs: number }>
}

/** What one round came to. */
export interface Balance {
  readonly requests: number
  readonly acknowledged: number
  readonly failures: Readonly<Record<string, number>>
  /** Acknowledged writes that the database does not have. */
  readonly lost: number
  /** Tasks that one key made more than once. */
  readonly doubled: number
  readonly longestWaitMs: number
  readonly streams: number
  readonly resumed: number
  /** Changes that a stream was not told, over all streams. */
  readonly missed: number
  readonly twice: number
  readonly longestGapMs: number
}

const port = 8099
const size = { writers: 6, streams: 4, pauseMs: 30 }

const nameOf = (round: string): string => `ledger-${round}`

/** Starts the client of a round and waits until it works. `host` is where it finds the service; `avoid` a node where it must not be. */
export async function openLedger(world: World, round: string, host: string, avoid: string | undefined): Promise<void> {
  const name = nameOf(round)
  const env = {
    ENDPOINT: `http://${host}:${world.servicePort}/mcp`,
    ROUND: round,
    WRITERS: String(size.writers),
    STREAMS: String(size.streams),
    PAUSE_MS: String(size.pauseMs),
  }
  const deployment = workload(
    name,
    1,
    {
      name: 'ledger',
      image: world.images.app,
      command: ['node', '/client/ledger.mjs'],
      env: [
        ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
        { name: 'TOKEN', valueFrom: { secretKeyRef: { name: `${world.client}-token`, key: 'token' } } },
      ],
      volumeMounts: [{ name: 'program', mountPath: '/client/ledger.mjs', subPath: 'ledger.mjs' }],
    },
    [{ name: 'program', configMap: { name } }],
  )
  if (avoid !== undefined) deployment.spec.template.spec.affinity = awayFrom(avoid)
  const program = await clientProgram('replicas/ledger-client.mjs')
  await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'ledger.mjs': program } }, deployment)
  await world.k('rollout', 'status', `deployment/${name}`, '--timeout=60s')
  await until('the streams hear what the writers write', 60, async () => {
    const ledger = await readLedger(world, round).catch(() => undefined)
    return ledger?.streams.length === size.streams && ledger.streams.every(({ heard }) => heard.length > 5)
  })
}

/** Ends the writing, waits until the streams have heard the end of it, and compares. The client is gone afterwards. */
export async function closeLedger(world: World, round: string): Promise<Balance> {
  const settled = await until('the writers have ended', 60, async () => {
    const before = Object.keys((await readLedger(world, round, '/stop')).acknowledged).length
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const ledger = await readLedger(world, round)
    return Object.keys(ledger.acknowledged).length === before && ledger
  })
  const rows = (await world.sql(createdIn(round))).split('\n').filter(Boolean)
  const written = rows.map((row) => row.split('|')).map(([sequence, id, title]) => ({ sequence: Number(sequence), id, title }))
  const complete = async () => {
    const ledger = await readLedger(world, round)
    return missedOf(ledger, written) === 0 && ledger
  }
  const ledger = await until('every stream has heard every change', 20, complete).catch(() => readLedger(world, round))
  await world.k('delete', `deployment/${nameOf(round)}`, '--wait=false')
  return balanceOf(ledger, written, Object.keys(settled.acknowledged).length)
}

const createdIn = (round: string): string =>
  `SELECT h.sequence, t.id, t.title FROM tasks t JOIN task_history h ON h.task_id = t.id AND h.action = 'created' WHERE t.title LIKE '${round}-%'`

interface Written {
  readonly sequence: number
  readonly id: string | undefined
  readonly title: string | undefined
}

/** Pure: what was written down against what is there. */
export function balanceOf(ledger: Ledger, written: readonly Written[], acknowledged: number): Balance {
  const ids = new Set(written.map(({ id }) => id))
  const sum = (of: (stream: Ledger['streams'][number]) => number): number => ledger.streams.reduce((total, stream) => total + of(stream), 0)
  const failures: Record<string, number> = {}
  for (const { how } of ledger.failures) failures[how] = (failures[how] ?? 0) + 1
  return {
    requests: ledger.requests,
    acknowledged,
    failures,
    lost: Object.values(ledger.acknowledged).filter((id) => !ids.has(id)).length,
    doubled: written.length - new Set(written.map(({ title }) => title)).size,
    longestWaitMs: ledger.longestWaitMs,
    streams: ledger.streams.length,
    resumed: sum(({ resumed }) => resumed),
    missed: missedOf(ledger, written),
    twice: sum(({ twice }) => twice),
    longestGapMs: Math.max(0, ...ledger.streams.map(({ longestGapMs }) => longestGapMs)),
  }
}

function missedOf({ streams }: Ledger, written: readonly Written[]): number {
  let missed = 0
  for (const { heard } of streams) {
    const known = new Set(heard)
    for (const { sequence } of written) if (!known.has(sequence)) missed++
  }
  return missed
}

async function readLedger(world: World, round: string, path = '/'): Promise<Ledger> {
  const [pod] = await world.pods({ app: nameOf(round) })
  return JSON.parse(
    await kubectl(['get', '--raw', `/api/v1/namespaces/${world.names.namespace}/pods/${pod.metadata.name}:${port}/proxy${path}`]),
  )
}

/** An affinity that keeps a pod off a node. */
export const awayFrom = (node: string): object => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'NotIn', values: [node] }] }],
    },
  },
})
