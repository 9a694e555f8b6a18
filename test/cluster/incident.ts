/**
 * An incident from the alert to the post-mortem, by two people at two terminals who share the record in a ConfigMap.
 * `npm run test:incident -- [--image NAME] [--database NAME] [--program FILE] [--out FOLDER] [--seed N]` for the cluster of KUBECONFIG.
 */
import { ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { describe } from './ask.ts'
import { sleep, until } from './kubectl.ts'
import { Person } from './terminals.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    image: { type: 'string', default: 'localhost/task-mcp:1' },
    database: { type: 'string', default: 'localhost/services:1' },
    program: { type: 'string', default: new URL('../../bin/task-mcp.js', import.meta.url).pathname },
    out: { type: 'string' },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 100_000) : Number(values.seed)
/** What stands on a screen, however its lines were broken. */
const even = (text: string): string => text.replace(/\s+/g, ' ')
const say = (text: string): boolean => process.stdout.write(`${text}\n`)

const world = new World(seed, { app: values.image, database: values.database }, 'postgresql')
const folder = values.out ?? (await mkdtemp(join(tmpdir(), 'incident-')))
const people: Person[] = []
const leave: (() => Promise<void> | void)[] = []

/** A laptop of somebody: a home and a state directory of its own, the team's settings. */
async function sitsDown(name: string): Promise<Person> {
  const home = join(folder, name)
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'task-mcp.yaml'), stringify({ ...describe(world), incident: { shared: 'configmap' } }))
  await writeFile(join(home, 'token'), world.secrets[0]!, { mode: 0o600 })
  const person = new Person(name, {
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    KUBECONFIG: process.env.KUBECONFIG ?? '',
    TASK_MCP_MCP_TOKEN_FILE: join(home, 'token'),
    NO_COLOR: '1',
  })
  people.push(person)
  await person.type(`cd ${home}; task-mcp() { ${process.execPath} ${values.program} "$@"; }`)
  return person
}

/** Does what Prometheus does when the rule of an alert holds. */
async function fires(name: string): Promise<void> {
  const url = `${await forwarded('monitoring', 'alertmanager', 9093, '/-/ready')}/api/v2/alerts`
  const labels = { alertname: name, namespace: world.names.namespace, severity: 'critical' }
  const alert = [{ labels, annotations: { summary: 'nobody gets an answer' }, startsAt: new Date(Date.now() - 60_000).toISOString() }]
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alert) })
  ok(answer.ok, `Alertmanager answered ${answer.status}`)
  await until('the alert', 20, async () => (await (await fetch(url)).text()).includes(world.names.namespace))
  leave.push(async () => {
    const over = [{ ...alert[0], endsAt: new Date().toISOString() }]
    await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(over) })
  })
}

let forwards = 0

/** A port of this machine that leads to a Service, until the end. `path` answers when it does. */
async function forwarded(namespace: string, service: string, target: number, path: string): Promise<string> {
  const port = 20_000 + ((seed * 7 + ++forwards) % 10_000)
  const child = spawn('kubectl', ['-n', namespace, 'port-forward', `service/${service}`, `${port}:${target}`], { stdio: 'ignore' })
  leave.push(() => void child.kill())
  const url = `http://127.0.0.1:${port}`
  await until(`the port of ${service}`, 30, async () =>
    fetch(`${url}${path}`).then(
      (answer) => answer.ok,
      () => false,
    ),
  )
  return url
}

async function incident(): Promise<void> {
  const [kim, ana] = [await sitsDown('kim'), await sitsDown('ana')]
  const { store, namespace } = world.names
  say('the database is scaled to nothing, and an alert fires')
  await world.k('scale', `statefulset/${store}`, '--replicas=0')
  await until('the database gone', 60, async () => (await world.get('statefulset', store)).status.readyReplicas === undefined)
  await sleep(10)
  await fires('TaskMCPAvailabilityFastBurn')

  const alerts = await kim.type('task-mcp alerts')
  ok(alerts.text.includes('TaskMCPAvailabilityFastBurn'), alerts.text)
  const started = await kim.type('task-mcp incident start --alert TaskMCPAvailabilityFastBurn')
  const id = /inc-\d{8}-\d{4}-[a-z]{3}/.exec(started.text)?.[0]
  ok(started.code === 0 && id, started.text)
  const joined = await ana.type('task-mcp incident status')
  ok(even(joined.text).includes(`joined ${id}, opened by kim`) && joined.text.includes('L1 now'), joined.text)

  say('both type at once')
  const notes = (name: string) => `for n in 1 2 3 4 5; do task-mcp incident note "${name} $n" || exit 1; done`
  const [looked, noted] = await Promise.all([kim.type('task-mcp diagnose'), ana.type(notes('ana')), world.k('get', 'pods')])
  ok(looked.code === 3 && looked.text.includes('dependency_down'), looked.text)
  ok(noted.code === 0, noted.text)
  await Promise.all([kim.type(notes('kim')), ana.type(notes('ana again'))])
  const all = await ana.type('task-mcp incident timeline')
  for (const name of ['kim', 'ana', 'ana again'])
    for (const n of [1, 2, 3, 4, 5]) ok(all.text.includes(`${name} ${n}\n`), `${name} ${n} is lost:\n${all.text}`)
  ok(all.text.includes('kim: task-mcp diagnose'), all.text)

  say('ana leads, and brings it back')
  await kim.type('task-mcp incident assign ana')
  const fixed = await ana.type('task-mcp fix', [{ when: /\(y\/N\)/i, say: 'y\r' }], 200)
  ok(fixed.text.includes('done'), fixed.text)
  await until('a healthy diagnosis', 140, async () => (await kim.type('task-mcp diagnose')).code === 0)
  const over = await kim.type('task-mcp incident resolve "the database runs again"')
  ok(over.code === 0, over.text)
  ok((await ana.type('task-mcp incident status')).text.includes('was resolved by kim'), 'ana is not told')

  say('the story')
  const report = await ana.type(`task-mcp incident report ${id} --html report.html`)
  for (const part of ['dependency_down', 'helped', 'recovered'])
    ok(even(report.text).includes(part), `the report has no "${part}":\n${report.text}`)
  ok(/requests failed|No request was counted/.test(even(report.text)), report.text)
  await ana.type(`task-mcp incident report ${id} --markdown > report.md`)
  const url = `${await forwarded(namespace, world.names.app, world.servicePort, '/health/live')}/mcp`
  const item = await ana.type(
    `task-mcp incident postmortem ${id} --add "alert on a database without pods" --owner kim --due 7d --url ${url}`,
  )
  ok(item.code === 0 && /task task_/.test(item.text), item.text)
  const postmortem = await kim.type(`task-mcp incident postmortem ${id} --url ${url}`)
  for (const part of ['## Incident review', '## Blameless post-mortem', '## Follow-up', 'alert on a database without pods', '| open |'])
    ok(postmortem.text.includes(part), `no "${part}":\n${postmortem.text}`)
  const csv = await kim.type(`task-mcp incident postmortem ${id} --export csv --url ${url}`)
  ok(csv.text.includes(',open,task_'), csv.text)

  say('nobody lost anything, and nothing secret is anywhere')
  const record = async (name: string) =>
    (await readFile(join(folder, name, 'state/task-mcp/incidents', `${id}.jsonl`), 'utf8')).split('\n').filter(Boolean).sort()
  await kim.type(`task-mcp incident sync ${id}`)
  await ana.type(`task-mcp incident sync ${id}`)
  const [his, hers] = [await record('kim'), await record('ana')]
  ok(JSON.stringify(his) === JSON.stringify(hers), `${his.length} entries here, ${hers.length} there`)
  const map = await world.k('get', 'configmap', `task-mcp-${id}`, '-o', 'json')
  ok(Object.keys(JSON.parse(map).data).length === his.length, 'the ConfigMap has another number of entries')
  const pages = await Promise.all(
    (await readdir(join(folder, 'ana'))).filter((file) => /report/.test(file)).map((file) => readFile(join(folder, 'ana', file), 'utf8')),
  )
  for (const secret of world.secrets)
    for (const text of [map, ...his, ...pages, ...people.map((person) => person.everything)])
      ok(!text.includes(secret), 'a secret has got out')
  say(`${id} in ${namespace}: ${his.length} entries, the same on both machines; report in ${join(folder, 'ana', 'report.html')}`)
}

try {
  await world.design()
  leave.push(() => world.down())
  await world.up()
  await sleep(15)
  await incident()
  say('passed')
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\nseed ${seed}\n`)
  process.exitCode = 1
} finally {
  for (const person of people) person.leave()
  for (const step of leave.reverse()) await step()
}
