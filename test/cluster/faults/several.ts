/** More than one thing wrong: independent faults that must both be named, one with many effects, one that hides another. */
import type { Fault } from '../fault.ts'
import { completing, defect } from '../inside.ts'
import { sleep, until } from '../kubectl.ts'
import { start, target } from '../programs.ts'
import { clientSuffers, containerState, errorShare, event, noEndpoints, notReady, prometheus } from '../see.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'

const several = { row: 'several', store: 'postgresql', before: 20 } as const
const deployment = (world: World) => ({ kind: 'Deployment', name: world.names.app })
const service = (world: World) => ({ kind: 'Service', name: world.names.app })

const toPort = (world: World, targetPort: number | string): Promise<void> =>
  world.patch('service', world.names.app, [{ op: 'replace', path: '/spec/ports/0/targetPort', value: targetPort }], 'json')

export const severalFaults: Fault[] = [
  {
    ...several,
    name: 'eight times the requests, and a quota that lets no pod be added',
    runbook: 'high-error-rate',
    long: true,
    before: 330,
    expected: ['traffic_surge', 'quota_exceeded'],
    also: ['traffic_surge', 'quota_exceeded'],
    subjects: (world) => [deployment(world), { kind: 'ResourceQuota' }],
    wrong: ['restart', 'rollback'],
    prepare: (world) => {
      world.replicas = 2
      Object.assign(world.settings, { TASK_MCP_RATE_LIMIT: '20', TASK_MCP_RATE_BURST: '30' })
    },
    inject: async (world) => {
      await start(world, 'campaign', 'knocker.mjs', { TARGET: target(world), WHAT: 'calls', EVERY_MS: '10' })
      const { items } = JSON.parse(await world.k('get', 'pods', '-o', 'json'))
      const running = items.filter((pod: { status: { phase: string } }) => ['Running', 'Pending'].includes(pod.status.phase)).length
      await world.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'team-pods' },
        spec: { hard: { pods: String(running) } },
      })
      await sleep(3)
      await world.k('scale', 'deployment', world.names.app, '--replicas=4')
      await sleep(75)
    },
    shows: async (world) => {
      const refused = await event(world, /FailedCreate.*exceeded quota/)
      const turned = await prometheus(`sum(rate(http_server_requests_total{namespace="${world.names.namespace}",status_code="429"}[1m]))`)
      return `${(turned ?? 0).toFixed(1)} requests a second turned away; ${refused.slice(0, 120)}`
    },
  },
  {
    ...several,
    name: 'database gone, and all that follows from it',
    runbook: 'high-error-rate',
    expected: ['dependency_down'],
    only: true,
    subjects: (world) => [{ kind: 'StatefulSet', name: world.names.store }],
    wrong: ['restart', 'rollback'],
    inject: async (world) => {
      await world.k('scale', 'statefulset', world.names.store, '--replicas=0')
      await sleep(world.random.int(10, 40))
    },
    shows: async (world) => `${await notReady(world)}, ${await noEndpoints(world)}`,
  },
  {
    ...several,
    name: 'a tag that does not exist, and a Service that selects nobody',
    runbook: 'service-downtime',
    expected: ['image_not_found', 'service_selector_mismatch'],
    also: ['image_not_found', 'service_selector_mismatch'],
    subjects: (world) => [deployment(world), service(world)],
    wrong: ['restart', 'scale'],
    inject: async (world) => {
      await world.release({ op: 'replace', path: 'container/image', value: `localhost/task-mcp:${world.random.int(20, 90)}` })
      await world.patch('service', world.names.app, { spec: { selector: { [world.names.labelKey]: `${world.names.app}-web` } } })
    },
    shows: async (world) =>
      `${await containerState(world, /ErrImagePull|ImagePullBackOff|ErrImageNeverPull/)}, ${await noEndpoints(world)}`,
  },
  {
    ...several,
    name: 'a port that nobody listens on hides a release that fails',
    runbook: 'high-error-rate',
    expected: ['service_target_port'],
    subjects: (world) => [service(world)],
    wrong: ['restart', 'scale'],
    inject: async (world) => {
      await releaseWith(world, defect(completing, 0.5))
      await toPort(world, world.port + 1)
      await sleep(50)
    },
    shows: clientSuffers,
    next: {
      name: 'the port is right again, and the release fails',
      cure: async (world) => {
        await toPort(world, 'http')
        await sleep(25)
      },
      expected: ['bad_release'],
      subjects: (world) => [deployment(world)],
      wrong: ['restart', 'scale'],
      shows: (world) => errorShare(world, 0.02),
    },
  },
  {
    ...several,
    name: 'no pod is asked for, and the Secret of the database is wrong besides',
    runbook: 'service-downtime',
    expected: ['scaled_to_zero'],
    subjects: (world) => [deployment(world)],
    wrong: ['restart', 'rollback'],
    inject: async (world) => {
      await world.k('scale', 'deployment', world.names.app, '--replicas=0')
      await world.patch('secret', world.names.secret, { stringData: { 'database-url': world.databaseUrl(world.secret(7)) } })
      await until('no pod', 60, async () => (await world.pods()).length === 0)
    },
    shows: noEndpoints,
    next: {
      name: 'there are pods again, and their Secret is wrong',
      cure: (world) => world.k('scale', 'deployment', world.names.app, `--replicas=${world.replicas}`).then(() => undefined),
      expected: ['corrupt_credentials'],
      subjects: (world) => [{ kind: 'Secret', name: world.names.secret }],
      wrong: ['restart', 'rollback', 'scale'],
      shows: (world) =>
        Promise.any([notReady(world, 60).then((seen) => sleep(25).then(() => seen)), containerState(world, /CrashLoopBackOff|Error/)]),
    },
  },
]
