/** Somebody who should not be there, or looks like it: guesses, searches, a key that was changed, a secret that was written down. */
import { createHash } from 'node:crypto'
import { obey } from '../ask.ts'
import { workload } from '../clients.ts'
import type { Fault } from '../fault.ts'
import { kubectl, sleep, until } from '../kubectl.ts'
import { start, target } from '../programs.ts'
import { clientSuffers, prometheus } from '../see.ts'
import type { World } from '../world.ts'
import { releaseWith } from './errors.ts'

const attack = { row: 'security', runbook: 'security-incidents', before: 30 } as const
const deployment = (world: World) => [{ kind: 'Deployment', name: world.names.app }]
const restartForgets = ['restart', 'rollback', 'scale'] as const

const failures = (world: World): Promise<number | undefined> =>
  prometheus(`sum(increase(auth_failures_total{namespace="${world.names.namespace}"}[1m]))`)
/** Logins fail in numbers. */
const failing = (world: World, above: number): Promise<string> =>
  until(`more than ${above} failed logins a minute`, 120, async () => {
    const failed = await failures(world)
    return failed !== undefined && failed > above && `${Math.round(failed)} logins failed in a minute`
  })
const guesser = (world: World): string => `${world.random.pick(['sync', 'agent', 'batch'])}-${world.port}`
const knock = (world: World, name: string, settings: Record<string, string>, replicas = 1): Promise<void> =>
  start(world, name, 'knocker.mjs', { TARGET: target(world), ...settings }, replicas)

/** Lets the kubelet look at the volumes of the pods at once, as it does within a minute or two by itself. */
const touchPods = (world: World): Promise<string> =>
  world.k(
    'annotate',
    'pods',
    '-l',
    Object.entries(world.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(),
    `seen=${Date.now()}`,
    '--overwrite',
  )

/** Addresses from which many guess: one pod each. */
const addresses = 24

export const securityFaults: Fault[] = [
  {
    ...attack,
    name: 'one source with a hundred wrong tokens a second',
    expected: ['brute_force'],
    subjects: deployment,
    wrong: restartForgets,
    inject: (world) => knock(world, guesser(world), { EVERY_MS: String(world.random.pick([5, 8, 12])) }),
    shows: async (world) => {
      const seen = await failing(world, 500)
      await sleep(15)
      return seen
    },
  },
  {
    ...attack,
    name: 'one source, blocked as the answer says, then asked again',
    long: true,
    expected: ['brute_force'],
    subjects: deployment,
    wrong: restartForgets,
    inject: (world) => knock(world, 'nightly-sync', { EVERY_MS: '10' }),
    shows: (world) => failing(world, 500),
    next: {
      name: 'the source is blocked',
      expected: ['healthy'],
      // It says that a pod has this address, so that a proxy's callers would be shut out too. This one is nobody's proxy.
      cure: (world, answer) => obey(world, `${answer?.causes[0]?.remedies[0]?.command ?? ''} --despite blocks_pod`),
      // Two minutes after the last failed login nothing of it is counted.
      shows: (world) =>
        until('no failed login for two minutes', 240, async () => {
          const failed = await prometheus(`sum(increase(auth_failures_total{namespace="${world.names.namespace}"}[2m]))`)
          const refused = await prometheus(
            `sum(increase(rate_limit_hits_total{namespace="${world.names.namespace}",limiter="blocked"}[1m]))`,
          )
          return failed === 0 && (refused ?? 0) > 100 && `${Math.round(refused!)} requests of a blocked address refused in a minute`
        }),
    },
  },
  {
    ...attack,
    name: 'twenty-four sources, each with a wrong token now and then',
    long: true,
    expected: ['credential_stuffing'],
    subjects: deployment,
    wrong: [...restartForgets, 'block'],
    // Each in a shell of its own: twenty-four addresses are twenty-four pods.
    inject: async (world) => {
      const guess = `while :; do curl -s -m 5 -o /dev/null -X POST -H "Authorization: Bearer $RANDOM$RANDOM$RANDOM$RANDOM" -H 'Content-Type: application/json' -d '{}' ${target(world)}/mcp; sleep ${world.random.int(3, 4)}; done`
      const container = { name: 'main', image: world.images.database, command: ['bash', '-c', guess] }
      await world.apply(
        workload('fleet', addresses, { ...container, resources: { requests: { cpu: '1m', memory: '4Mi' }, limits: { memory: '40Mi' } } }),
      )
      await world.k('rollout', 'status', 'deployment/fleet', '--timeout=180s')
    },
    shows: async (world) => {
      const seen = await failing(world, 120)
      await sleep(45)
      return seen
    },
  },
  {
    ...attack,
    name: 'token of the usual client changed, and nobody told it',
    store: 'postgresql',
    expected: ['auth_config'],
    subjects: (world) => [{ kind: 'Secret', name: world.names.secret }, ...deployment(world)],
    wrong: ['block', 'scale', 'rollback'],
    inject: async (world) => {
      const digest = createHash('sha256').update(world.secret()).digest('hex')
      await world.patch('secret', world.names.secret, { stringData: { tokens: `${world.client} ${digest} tasks:read,tasks:write\n` } })
      await sleep(2)
      await touchPods(world)
    },
    shows: async (world) => {
      const seen = await clientSuffers(world, 150)
      await failing(world, 60)
      return seen
    },
  },
  {
    ...attack,
    name: 'somebody who asks for what other servers have',
    expected: ['recon_scan'],
    subjects: deployment,
    wrong: restartForgets,
    inject: (world) => knock(world, guesser(world), { WHAT: 'paths', EVERY_MS: String(world.random.pick([40, 100, 160])) }),
    shows: (world) =>
      until('answers 404', 90, async () => {
        const missed = await prometheus(
          `sum(increase(http_server_requests_total{namespace="${world.names.namespace}",status_code="404"}[1m]))`,
        )
        return (missed ?? 0) > 150 && `${Math.round(missed!)} answers 404 in a minute`
      }),
  },
  {
    ...attack,
    name: 'release that writes the password of the database into the log',
    store: 'postgresql',
    expected: ['secret_in_logs'],
    subjects: deployment,
    wrong: ['restart', 'scale', 'block'],
    inject: (world) =>
      releaseWith(
        world,
        "setInterval(() => console.log(JSON.stringify({ level: 'info', msg: 'connected', to: process.env.TASK_MCP_DATABASE_URL })), 4000)",
      ),
    shows: (world) =>
      until('the password in the log', 60, async () => {
        const log = await world.k('logs', `deployment/${world.names.app}`, '-c', world.names.container, '--tail=300')
        return world.secrets.some((secret) => log.includes(secret)) && 'a line of the log has the password in full'
      }),
  },
]

export const securityHealthy: Fault[] = [
  {
    row: 'healthy',
    runbook: 'security-incidents',
    expected: ['healthy'],
    name: 'steady, asked about security',
    before: 40,
    shows: async (world) => world.settled(),
  },
  {
    row: 'healthy',
    runbook: 'security-incidents',
    expected: ['healthy'],
    name: 'a token mistyped now and then',
    before: 20,
    inject: async (world) => {
      await knock(world, 'intern-laptop', { EVERY_MS: '9000' })
      await sleep(60)
    },
    shows: async (world) => `${Math.round((await failures(world)) ?? 0)} logins failed in a minute`,
  },
  {
    row: 'healthy',
    runbook: 'security-incidents',
    expected: ['healthy'],
    name: 'a browser that asks for its icon',
    before: 20,
    inject: async (world) => {
      const program = `setInterval(() => ['/favicon.ico', '/robots.txt', '/'].forEach((p) => fetch('${target(world)}' + p).then((r) => r.text(), () => {})), 8000)`
      await world.apply(workload('kiosk', 1, { name: 'kiosk', image: world.images.app, command: ['node', '-e', program] }))
      await sleep(45)
    },
    shows: async (world) => {
      const missed = await kubectl([
        '-n',
        world.names.namespace,
        'logs',
        `deployment/${world.names.app}`,
        '-c',
        world.names.container,
        '--tail=200',
      ])
      return `${missed.split('\n').filter((line) => line.includes('"status":404')).length} lines about 404`
    },
  },
]
