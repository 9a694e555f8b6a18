/**
 * The shipped alerts on a real cluster: `npm run test:alerts`. Our service with a Prometheus and an Alertmanager of its own, broken
 * so that a threshold breaks; each alert must fire within what its rule promises, none before, and none where nothing is broken.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { parseDuration } from '../../src/duration.ts'
import type { AlertRule, RuleGroup } from '../../src/slo/rules.ts'
import { type Break, breaks } from './breaks.ts'
import { clientOf, clientProgram } from './clients.ts'
import { apply, run, sleep, until } from './kubectl.ts'
import { alertsOf, type Firing, monitorOf, scrapeSeconds } from './monitor.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    image: { type: 'string', default: 'localhost/task-mcp:1' },
    monitor: { type: 'string', default: 'localhost/prometheus:1' },
    out: { type: 'string' },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 100_000) : Number(values.seed)
const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const now = (): number => Date.now() / 1000

const { groups }: { groups: RuleGroup[] } = parse(readFileSync(new URL('../../deploy/prometheus/rules.yaml', import.meta.url), 'utf8'))

/** Seconds from the break to the alert: until its average is over the threshold, its `for`, two evaluations, two scrapes, and the seconds that two polls take. */
function promised(name: string, average: number): number {
  for (const { interval, rules } of groups) {
    const rule = rules.find((one): one is AlertRule => 'alert' in one && one.alert === `TaskMCP${name}`)
    if (rule) return average + parseDuration(rule.for)! + 2 * parseDuration(interval)! + 2 * scrapeSeconds + 10
  }
  throw new Error(`no rule is called ${name}`)
}

/** There is one replica, and a few minutes of history: a minute without it, as the rollout that breaks it may cost, is a budget that burns. */
const byRollout = /^(Availability|ErrorBudgetExhausted)/

interface Result {
  broken: string
  alert: string
  promised: number
  /** Seconds after the break; undefined when it did not fire in time. */
  fired: number | undefined
  right: boolean
}

/** Seconds of ordinary traffic before anything is broken, and in which nothing may fire. */
const before = 75
const longestOf = (some: readonly Break[]): number =>
  Math.max(...some.flatMap(({ expected }) => Object.entries(expected).map(([name, average]) => promised(name, average))))
const longest = longestOf(breaks)

async function up(world: World): Promise<void> {
  await world.design()
  const { namespace, app } = world.names
  world.deployment.spec.replicas = 1
  // A machine that is busy with other things must not break what is not broken.
  world.container.resources.requests = { cpu: '250m', memory: '128Mi' }
  for (const probe of ['livenessProbe', 'readinessProbe']) world.container[probe].timeoutSeconds = 5
  world.objects = world.objects.filter(({ kind }) => kind !== 'HorizontalPodAutoscaler')
  await apply(
    undefined,
    world.objects.find(({ kind }) => kind === 'Namespace'),
  )
  const client = clientOf(world, await clientProgram())
  await apply(namespace, ...world.objects.filter(({ kind }) => kind !== 'Namespace'))
  await world.k('rollout', 'status', `deployment/${app}`, '--timeout=190s')
  await apply(namespace, ...client, ...monitorOf(world, values.monitor))
  await world.k('rollout', 'status', 'deployment/prometheus', '--timeout=190s')
  await until('the client works', 240, async () => ((await world.clientCounts().catch(() => undefined))?.calls ?? 0) > 0)
}

const worlds: World[] = []
process.once('SIGINT', () => {
  void Promise.all(worlds.map((world) => world.down())).finally(() => process.exit(130))
})

async function tried(broken: Break, index: number): Promise<Result[]> {
  const world = new World(seed + index * 7919, { app: values.image, database: '' }, 'sqlite')
  worlds.push(world)
  const fired = new Map<string, number>()
  const seen: Firing[][] = []
  const watch = async (until_: number, enough: () => boolean) => {
    while (now() < until_ && !enough()) {
      const alerts = await alertsOf(world, now()).catch(() => [])
      seen.push(alerts)
      for (const { name, firedAt } of alerts) if (firedAt !== undefined && !fired.has(name)) fired.set(name, firedAt)
      await sleep(3)
    }
  }
  try {
    await up(world)
    await watch(now() + before, () => false)
    const early = [...fired.keys()]
    await broken.inject(world)
    const at = now()
    const expected = Object.entries(broken.expected)
    const healthy = expected.length === 0
    const limit = healthy ? longest : longestOf([broken])
    await watch(at + limit, () => !healthy && expected.every(([name]) => fired.has(`TaskMCP${name}`)))
    const results = expected.map(([alert, average]): Result => {
      const when = fired.get(`TaskMCP${alert}`)
      const seconds = when === undefined ? undefined : when - at
      const within = promised(alert, average)
      return { broken: broken.name, alert, promised: within, fired: seconds, right: seconds !== undefined && seconds <= within }
    })
    const unasked = [...fired.keys()].filter((name) => {
      const plain = name.replace(/^TaskMCP/, '')
      return early.includes(name) || !(plain in broken.expected || broken.follows?.test(plain) || (!healthy && byRollout.test(plain)))
    })
    results.push({
      broken: broken.name,
      alert: unasked.length === 0 ? `(no other${healthy ? ` in ${Math.round(before + limit)} s` : ''})` : `UNASKED ${unasked.join(', ')}`,
      promised: 0,
      fired: undefined,
      right: unasked.length === 0,
    })
    if (!healthy) results.push(await told(world, broken))
    return results
  } finally {
    await world.down()
  }
}

/** What `task-mcp alerts` says of it, found in the cluster and asked through the API server. */
async function told(world: World, { name, expected }: Break): Promise<Result> {
  const { namespace } = world.names
  const env = { TASK_MCP_ALERTMANAGER_NAMESPACE: namespace, TASK_MCP_ALERTMANAGER_SERVICE: 'alertmanager' }
  const missingNow = async (): Promise<string[]> => {
    const { out } = await run(process.execPath, ['src/start.ts', 'alerts', '--all', '--json', '--timeout', '60s'], { env })
    const names = (JSON.parse(out || '{"alerts":[]}') as { alerts: { name: string }[] }).alerts.map((alert) => alert.name)
    return Object.keys(expected).filter((alert) => !names.includes(`TaskMCP${alert}`))
  }
  // Prometheus tells the Alertmanager after the evaluation that fired.
  let missing = await missingNow()
  for (let again = 0; again < 3 && missing.length > 0; again++) {
    await sleep(5)
    missing = await missingNow()
  }
  return {
    broken: name,
    alert: `task-mcp alerts lists ${missing.length === 0 ? 'them' : `no ${missing.join(', ')}`}`,
    promised: 0,
    fired: undefined,
    right: missing.length === 0,
  }
}

const wanted = breaks.filter(({ name }) => values.only === '' || values.only.split(',').some((part) => name.includes(part)))
print(`seed ${seed}; ${wanted.length} worlds, ${before} s of ordinary traffic first, then up to ${longest} s`)
print(`${'broken'.padEnd(30)} ${'alert'.padEnd(26)}${'promised'.padStart(9)}${'fired'.padStart(8)}`)
const shown = ({ broken, alert, promised: within, fired, right }: Result): void => {
  const seconds =
    within === 0 ? '' : `${`${within} s`.padStart(9)}${(fired === undefined ? 'never' : `${Math.round(fired)} s`).padStart(8)}`
  print(`${broken.padEnd(30)} ${alert.padEnd(26)}${seconds}${right ? '' : '  WRONG'}`)
}
const tries = await Promise.all(
  wanted.map(async (broken, index) => {
    // Not all at once: a small cluster starts a few pods at a time.
    await sleep(index * 12)
    const found = await tried(broken, index).catch((error: unknown): Result[] => [
      {
        broken: broken.name,
        alert: `BROKE ${error instanceof Error ? error.message : String(error)}`,
        promised: 0,
        fired: undefined,
        right: false,
      },
    ])
    found.forEach(shown)
    return found
  }),
)
const results = tries.flat()
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ seed, results }, null, 2)}\n`)
const wrong = results.filter(({ right }) => !right).length
print(`${results.length - wrong} right, ${wrong} wrong`)
process.exitCode = wrong === 0 ? 0 : 1
