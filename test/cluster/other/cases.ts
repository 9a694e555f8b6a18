/** What goes wrong with the other service, or does not, and what a diagnosis of it must say. */
import type { CauseCode } from '../../../src/diagnosis/codes.ts'
import type { ActionName } from '../../../src/diagnosis/verdict.ts'
import type { Expected } from '../fault.ts'
import { sleep, until } from '../kubectl.ts'
import type { OtherWorld } from './world.ts'

export interface Case {
  name: string
  row: 'down' | 'errors' | 'healthy'
  runbook: string
  expected: readonly (CauseCode | 'healthy')[]
  subject?: (world: OtherWorld) => Expected
  wrong?: readonly ActionName[]
  /** Seconds of traffic before the fault. */
  before?: number
  inject?: (world: OtherWorld) => Promise<void>
  /** Proof that the fault is there, in a line. */
  shows: (world: OtherWorld) => Promise<string>
}

const workload = (world: OtherWorld): Expected => ({ kind: 'Deployment', name: world.shop })
const answers = (world: OtherWorld, what: string, fits: (seen: { status: number; seconds: number }) => boolean): Promise<string> =>
  until(what, 90, async () => {
    const seen = await world.ask('/cart')
    return fits(seen) && `the edge answers ${seen.status} in ${seen.seconds.toFixed(2)} s`
  })
const slow = (world: OtherWorld): Promise<string> => answers(world, 'slow answers', ({ seconds }) => seconds > 0.4)
const well = (world: OtherWorld): Promise<string> => answers(world, 'an answer', ({ status }) => status === 200)
const container = (world: OtherWorld, change: object): object => ({
  spec: { template: { spec: { containers: [{ name: world.shop, ...change }] } } },
})

export const cases: readonly Case[] = [
  { name: 'steady behind nginx', row: 'healthy', runbook: 'service-downtime', expected: ['healthy'], before: 30, shows: well },
  {
    name: 'steady behind nginx, asked about speed',
    row: 'healthy',
    runbook: 'performance-degradation',
    expected: ['healthy'],
    before: 45,
    shows: well,
  },
  {
    name: 'released with a command that is not there',
    row: 'down',
    runbook: 'service-downtime',
    expected: ['bad_command'],
    subject: workload,
    wrong: ['restart', 'scale'],
    before: 20,
    inject: (world) => world.patch('deployment', world.shop, container(world, { command: ['perl', '/app/main.pl'] }), 'strategic'),
    shows: (world) => answers(world, '502 or 504 at the edge', ({ status }) => status >= 502),
  },
  {
    name: 'Service selects no pod',
    row: 'down',
    runbook: 'service-downtime',
    expected: ['service_selector_mismatch'],
    subject: (world) => ({ kind: 'Service', name: world.shop }),
    wrong: ['restart', 'rollback', 'scale'],
    before: 20,
    inject: (world) => world.patch('service', world.shop, { spec: { selector: { app: `${world.shop}-web` } } }),
    shows: (world) => answers(world, '502 or 504 at the edge', ({ status }) => status >= 502),
  },
  {
    name: 'scaled to nothing behind a live nginx',
    row: 'down',
    runbook: 'service-downtime',
    expected: ['scaled_to_zero'],
    subject: workload,
    wrong: ['restart', 'rollback'],
    before: 20,
    inject: (world) => world.k('scale', `deployment/${world.shop}`, '--replicas=0').then(() => undefined),
    shows: (world) => answers(world, '502 or 504 at the edge', ({ status }) => status >= 502),
  },
  {
    name: 'released with a wait in every answer',
    row: 'errors',
    runbook: 'performance-degradation',
    expected: ['bad_release'],
    subject: workload,
    wrong: ['restart', 'scale'],
    before: 90,
    inject: (world) =>
      world.patch('deployment', world.shop, container(world, { env: [{ name: 'SHOP_DELAY_MS', value: '900' }] }), 'strategic'),
    shows: async (world) => {
      const seen = await slow(world)
      await sleep(90)
      return seen
    },
  },
  {
    name: 'CPU limit far too low',
    row: 'errors',
    runbook: 'performance-degradation',
    expected: ['cpu_throttling'],
    subject: workload,
    wrong: ['restart'],
    before: 60,
    inject: (world) =>
      world.patch(
        'deployment',
        world.shop,
        container(world, { resources: { limits: { cpu: '20m' }, requests: { cpu: '10m' } } }),
        'strategic',
      ),
    shows: async (world) => {
      const seen = await slow(world)
      await sleep(90)
      return seen
    },
  },
]
