/** A service that answers, and late. */
import { workload } from '../clients.ts'
import { recomputing, synchronous } from '../defects.ts'
import type { Fault } from '../fault.ts'
import { type Any, sleep, until } from '../kubectl.ts'
import { lateLoop, requestRate, requestsAbove, slowAnswers, throttled } from '../measure.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'

const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const store = (world: World) => [{ kind: 'StatefulSet', name: world.names.store }]
const slow = { row: 'slow', runbook: 'performance-degradation', store: 'postgresql', before: 45 } as const

/** Two pods under a load that shows what holds them back. */
function busy(world: World): void {
  world.replicas = 2
  world.load = { pause: world.random.int(200, 300), workers: 4 }
}

/** The client's load, from now on. */
export async function loadOf(world: World, workers: number, pause: number): Promise<void> {
  await world.k('set', 'env', `deployment/${world.client}`, `WORKERS=${workers}`, `PAUSE_MS=${pause}`)
  await world.k('rollout', 'status', `deployment/${world.client}`, '--timeout=60s')
}

/** From now on each new task changes one row that all share, as a total or the next number of an invoice does. */
const sharedRow = (world: World): Promise<string> =>
  world.sql(`create table totals(id int primary key, tasks bigint not null);
insert into totals values (1, 0);
create function counted() returns trigger language plpgsql as 'begin update totals set tasks = tasks + 1 where id = 1; return new; end';
create trigger counted before insert on tasks for each row execute function counted()`)

/** Leaves a session in the database that holds that row: once for good, or again and again. */
export async function holdRow(world: World, script: string): Promise<void> {
  const psql = 'psql -qh /tmp -U task_mcp task_mcp'
  const line = `nohup setsid sh -c '${script.replaceAll('PSQL', psql)}' >/dev/null 2>&1 &`
  await world.k('exec', `${world.names.store}-0`, '--', 'sh', '-c', line)
}

const lockWaits = (world: World): Promise<string> =>
  until('sessions that wait for a lock', 60, async () => {
    const waiting = Number(await world.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"))
    return waiting > 0 && `${waiting} sessions wait for a lock`
  })

export async function holdForGood(world: World): Promise<void> {
  await sharedRow(world)
  await sleep(20)
  await holdRow(world, `PSQL -c "begin; update totals set tasks = tasks where id = 1; select pg_sleep(600)"`)
}

/** The autoscaler that is shipped, for a target of our own. */
function autoscaled(world: World, metric: Any, most: number): void {
  world.keepsAutoscaler = true
  const { spec } = world.find('HorizontalPodAutoscaler', world.names.app)
  Object.assign(spec, {
    minReplicas: world.replicas,
    maxReplicas: most,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: metric } }],
  })
}

const scalerSays = (world: World, type: string, pattern: RegExp): Promise<string> =>
  until(`the autoscaler's ${type} ${pattern}`, 120, async () => {
    const { status } = await world.get('horizontalpodautoscaler', world.names.app)
    const condition = status?.conditions?.find((one: Any) => one.type === type)
    return (
      condition &&
      pattern.test(`${condition.status} ${condition.reason} ${condition.message}`) &&
      `${condition.reason}: ${condition.message}`
    )
  })

export const slowFaults: Fault[] = [
  {
    ...slow,
    name: 'CPU limit lowered by a release',
    expected: ['cpu_throttling'],
    subjects: deployment,
    wrong: ['restart', 'scale'],
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 150, workers: 10 }
    },
    inject: async (world) => {
      await world.release({ op: 'replace', path: 'container/resources/limits/cpu', value: world.random.pick(['90m', '100m', '120m']) })
      await world.settled()
      await sleep(20)
    },
    shows: async (world) => `${await throttled(world)}; ${await slowAnswers(world)}`,
  },
  {
    ...slow,
    name: 'row lock held in the database',
    expected: ['dependency_slow'],
    subjects: store,
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    prepare: busy,
    inject: holdForGood,
    shows: async (world) => `${await lockWaits(world)}; ${await slowAnswers(world, 1000)}`,
  },
  {
    ...slow,
    name: 'long transactions take turns on a row',
    expected: ['dependency_slow'],
    subjects: store,
    wrong: ['restart', 'rollback', 'scale', 'resources'],
    prepare: busy,
    inject: async (world) => {
      await sharedRow(world)
      await sleep(20)
      const hold = `PSQL -c "begin; update totals set tasks = tasks where id = 1; select pg_sleep(1.3); commit"`
      await holdRow(world, `for turn in $(seq 200); do ${hold}; done`)
    },
    shows: (world) => slowAnswers(world, 500),
  },
  {
    ...slow,
    name: 'release that works synchronously on every request',
    expected: ['event_loop_block'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    prepare: busy,
    inject: async (world) => {
      await releaseWith(world, synchronous(world.random.int(60, 90)))
      await sleep(20)
    },
    shows: (world) => slowAnswers(world),
  },
  {
    ...slow,
    name: 'release that stops its loop now and then',
    expected: ['event_loop_block'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    prepare: busy,
    inject: async (world) => {
      await releaseWith(world, recomputing(1000, world.random.int(300, 450)))
      await sleep(50)
    },
    // What waits in the socket meanwhile is in no histogram of the server itself.
    shows: (world) => lateLoop(world, 0.2),
  },
  {
    ...slow,
    name: 'ten times the load',
    expected: ['traffic_surge'],
    subjects: deployment,
    wrong: ['restart', 'rollback'],
    before: 90,
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 700, workers: 1 }
      world.container.resources.limits.cpu = '120m'
    },
    inject: async (world) => {
      const before = await requestRate(world)
      await loadOf(world, 20, 60)
      await requestsAbove(world, 3.5 * before)
    },
    shows: async (world) => `${await throttled(world)}; ${await slowAnswers(world)}`,
  },
  {
    ...slow,
    name: 'autoscaler without requests to measure against',
    expected: ['hpa_no_metrics'],
    subjects: (world) => [...deployment(world), { kind: 'HorizontalPodAutoscaler', name: world.names.app }],
    wrong: ['restart'],
    prepare: (world) => {
      world.replicas = 2
      autoscaled(world, { type: 'Utilization', averageUtilization: world.random.int(60, 80) }, 4)
    },
    inject: async (world) => {
      await world.release({ op: 'replace', path: 'container/resources', value: { limits: { memory: '512Mi' } } })
      await world.settled()
    },
    shows: (world) => scalerSays(world, 'ScalingActive', /^False.*missing request/),
  },
  {
    ...slow,
    name: 'autoscaler at its maximum',
    expected: ['hpa_capped'],
    subjects: (world) => [{ kind: 'HorizontalPodAutoscaler', name: world.names.app }],
    wrong: ['restart', 'rollback'],
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 100, workers: 4 }
      world.container.resources.limits.cpu = '200m'
      autoscaled(world, { type: 'AverageValue', averageValue: `${world.random.int(20, 40)}m` }, 2)
    },
    shows: (world) => scalerSays(world, 'ScalingLimited', /^True TooManyReplicas/),
  },
  {
    ...slow,
    name: 'pool of two connections, nothing fails',
    expected: ['pool_exhausted'],
    subjects: (world) => [...deployment(world), { kind: 'ConfigMap', name: world.names.settings }],
    wrong: ['scale', 'restart'],
    prepare: (world) => {
      world.replicas = 2
      world.load = { pause: 50, workers: 16 }
    },
    inject: async (world) => {
      // Writing takes its time here, and always did: what changes is how many may write at once.
      await world.sql(
        "create function unhurried() returns trigger language plpgsql as 'begin perform pg_sleep(0.12); return new; end'; create trigger unhurried before insert on tasks for each row execute function unhurried()",
      )
      await sleep(30)
      await world.configure({ TASK_MCP_DATABASE_POOL_SIZE: '1' })
      await world.restart()
      await world.settled()
      await sleep(15)
    },
    shows: (world) => slowAnswers(world),
  },
  {
    ...slow,
    name: 'node full of the work of others',
    expected: ['noisy_neighbour'],
    subjects: () => [{ kind: 'Node' }],
    wrong: ['rollback', 'resources', 'restart'],
    prepare: busy,
    // Everybody on the machine is slower meanwhile, for a minute and a half at most.
    alone: true,
    inject: async (world) => {
      const script = 'for n in 1 2 3 4 5 6; do timeout 90 sh -c "while :; do :; done" & done; wait; sleep infinity'
      const container = {
        name: 'main',
        image: world.images.database,
        command: ['sh', '-c', script],
        resources: { requests: { cpu: '1', memory: '32Mi' }, limits: { memory: '64Mi' } },
      }
      await world.apply(workload('reindex', 1, container))
      await sleep(30)
    },
    shows: (world) => slowAnswers(world, 200, 60),
    repair: async (world) => {
      await world.k('delete', 'deployment', 'reindex', '--ignore-not-found')
    },
  },
]
