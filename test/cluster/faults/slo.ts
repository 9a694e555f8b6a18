/** What was promised and is not kept: budgets that go, budgets that are gone, and too little to tell. */
import type { Fault } from '../fault.ts'
import { completing, defect, runInside } from '../inside.ts'
import { kubectl, sleep, until } from '../kubectl.ts'
import { withPast } from '../past.ts'
import { start, target } from '../programs.ts'
import { errorShare, prometheus } from '../see.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'

const promise = { row: 'slo', runbook: 'slo-violations', store: 'postgresql' } as const
const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]

/** What the world's own Prometheus says. */
async function ownPrometheus(world: World, query: string): Promise<number | undefined> {
  const path = `/api/v1/namespaces/${world.names.namespace}/services/prometheus:9090/proxy/api/v1/query?query=${encodeURIComponent(query)}`
  const value = JSON.parse(await kubectl(['get', '--raw', path])).data.result[0]?.value[1]
  return value === undefined ? undefined : Number(value)
}

const failedOver = (world: World, span: string, above: number): Promise<string> =>
  until(`more than ${above} of the requests failed in ${span}`, 120, async () => {
    const of = (more: string): string =>
      `sum(increase(http_server_requests_total{namespace="${world.names.namespace}",route="/mcp"${more}}[${span}]))`
    const share = await ownPrometheus(world, `${of(',status_code="500"')} / ${of('')}`).catch(() => undefined)
    return share !== undefined && share > above && `${(share * 100).toFixed(2)}% of the requests of ${span} failed`
  })

const small = (world: World): void => {
  world.replicas = 2
}

/** Somebody who makes so many calls and goes. */
async function calls(world: World, times: number): Promise<void> {
  await start(world, 'visitor', 'knocker.mjs', { TARGET: target(world), WHAT: 'calls', TIMES: String(times) })
  await sleep(10)
}

export const sloFaults: Fault[] = [
  {
    ...promise,
    name: 'one request in twenty fails since a release',
    before: 40,
    expected: ['slo_fast_burn'],
    also: ['bad_release'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'resources'],
    prepare: small,
    inject: async (world) => {
      await releaseWith(world, defect(completing, world.random.pick([0.3, 0.4, 0.5])))
      await sleep(world.random.int(60, 120))
    },
    shows: (world) => errorShare(world, 0.02),
  },
  {
    ...promise,
    name: 'one of a handful of requests failed, and no more were made',
    expected: ['insufficient_traffic'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'rollback', 'resources'],
    prepare: (world) => {
      world.replicas = 2
      // One round of calls, and then a long pause.
      world.load = { pause: 3_600_000, workers: 1 }
    },
    inject: async (world) => {
      for (const pod of await world.pods())
        await runInside(
          world,
          pod.metadata.name,
          defect('value?.tasks !== undefined && !globalThis.failedOnce && (globalThis.failedOnce = true)', 1),
        )
      await calls(world, 3)
      await sleep(world.random.int(20, 60))
    },
    shows: (world) =>
      until('a failed request', 60, async () => {
        const failed = await prometheus(
          `sum(increase(http_server_requests_total{namespace="${world.names.namespace}",status_code=~"5.."}[5m])) + sum(increase(mcp_server_operation_duration_seconds_count{namespace="${world.names.namespace}",error_type=~"internal|unavailable|timeout"}[5m]))`,
        )
        return (failed ?? 0) > 0.5 && `${Math.round(failed!)} requests failed`
      }),
  },
  {
    ...promise,
    name: 'four requests in a thousand failed, for four days',
    expected: ['slo_slow_burn'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'rollback', 'resources'],
    prepare: (world) => {
      small(world)
      withPast(world, { days: 4, share: `0.00${world.random.pick([37, 40, 45])}` })
    },
    shows: (world) => failedOver(world, '3d', 0.003),
  },
  {
    ...promise,
    name: 'the month is spent, and the last two days were calm',
    expected: ['budget_exhausted'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'rollback', 'resources'],
    prepare: (world) => {
      small(world)
      withPast(world, { days: 22, share: `days > 2 ? 0.00${world.random.pick([17, 20, 24])} : 0` })
    },
    shows: (world) => failedOver(world, '21d', 0.001),
  },
]

export const sloHealthy: Fault[] = [
  {
    ...promise,
    row: 'healthy',
    name: 'steady, asked about promises',
    expected: ['healthy'],
    before: 50,
    shows: async (world) => world.settled(),
  },
  {
    ...promise,
    row: 'healthy',
    name: 'days of few errors, within what was promised',
    expected: ['healthy'],
    prepare: (world) => {
      small(world)
      withPast(world, { days: 20, share: '0.0004' })
    },
    shows: (world) => failedOver(world, '3d', 0.0001),
  },
]
