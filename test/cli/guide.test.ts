/** The walk on a real pseudo-terminal: real prompts, real keys, a terminal that is closed in the middle. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { aShop } from '../actions/shop.ts'
import { serveCluster } from '../support/api-server.ts'

const root = path.resolve(import.meta.dirname, '../..')
/** Node has no pseudo-terminals; Python's standard library does. */
const terminal = spawnSync('python3', ['-c', 'import pty']).status === 0
const keys = { enter: '\r', down: '\u001b[B', interrupt: '\u0003' }

interface OnTerminal {
  /** Resolves when this text is on the screen and was not there at the last wait. */
  see(text: string | RegExp): Promise<void>
  type(...typed: string[]): void
  /** Closes the terminal, as its window does. */
  close(): void
  ended: Promise<number | null>
  screen(): string
}

function onTerminal(argv: readonly string[], env: Record<string, string>): OnTerminal {
  const command = [path.join(import.meta.dirname, 'on-a-pty.py'), process.execPath, path.join(root, 'src/start.ts'), ...argv]
  const child: ChildProcess = spawn('python3', command, { cwd: env.HOME, env, stdio: ['pipe', 'pipe', 'inherit'] })
  let screen = ''
  let from = 0
  const woken = new Set<() => void>()
  const wake = () => {
    for (const one of woken) one()
  }
  child.stdout!.on('data', (data) => {
    screen += String(data)
    wake()
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      resolve(code)
      wake()
    })
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    see: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const at = screen.slice(from).search(text instanceof RegExp ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          if (at < 0) {
            if (child.exitCode !== null) reject(new Error(`ended without ${text}:\n${screen}`))
            return
          }
          from += at + 1
          woken.delete(look)
          resolve()
        }
        woken.add(look)
        look()
      }),
    type: (...typed) => {
      for (const one of typed) child.stdin!.write(`${JSON.stringify(one)}\n`)
    },
    close: () => child.stdin!.end(),
    ended,
    screen: () => screen,
  }
}

const book = `---
name: short
title: A short one
summary: For a test.
---
# A short one

### Count the replicas asked for

\`\`\`yaml step
id: replicas
phase: immediate
kind: check
check: replicas-wanted
\`\`\`

### Bring replicas back

\`\`\`yaml step
id: scale
phase: troubleshooting
kind: action
action: scale
\`\`\`

### Ship a fix forward

\`\`\`yaml step
id: hotfix
phase: recovery
kind: manual
look: the smallest change that removes the cause
\`\`\`
`

test.runIf(terminal)(
  'a walk on a real terminal: prompts by keys, a closed terminal, and the rest of it later',
  { timeout: 60_000 },
  async () => {
    const shop = aShop()
    shop.release((deployment) => {
      deployment.spec.replicas = 0
      deployment.metadata.annotations = {
        ...deployment.metadata.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"replicas":3}}',
      }
    })
    const api = await serveCluster(shop.cluster)
    const home = await mkdtemp(path.join(tmpdir(), 'task-mcp-walk-'))
    onTestFinished(async () => {
      await api.close()
      await rm(home, { recursive: true })
    })
    await writeFile(path.join(home, 'kubeconfig'), api.kubeconfig)
    await writeFile(path.join(home, 'short.md'), book)
    const settings = { service: { namespace: 'shop', workload: 'checkout', port: 8080 }, runbooks: home }
    await writeFile(path.join(home, 'task-mcp.yaml'), JSON.stringify(settings))
    const env = { PATH: process.env.PATH!, HOME: home, TERM: 'xterm', USER: 'jo', KUBECONFIG: path.join(home, 'kubeconfig') }

    const first = onTerminal(['runbook', 'run', 'short', '--wait', '0s'], env)
    await first.see(/of 0-5 min\] Count the replicas/)
    first.type(keys.down, keys.enter)
    await first.see(/Note/)
    first.type('scaled by hand at noon', keys.enter)
    await first.see(/of 0-5 min\] Count the replicas/)
    first.type(keys.enter)
    await first.see('scale deployment/checkout from 0 to 3')
    await first.see(/of 5-15 min\] Bring replicas back/)
    expect(shop.deployment().spec.replicas).toBe(0)
    first.close()
    expect(await first.ended).toBe(128 + 1)

    const second = onTerminal(['runbook', 'run', '--resume', '--wait', '0s'], env)
    await second.see(/Count the replicas asked for.*\(seen at/s)
    await second.see(/of 5-15 min\] Bring replicas back/)
    second.type(keys.enter)
    await second.see(/of 15\+ min\] Ship a fix forward/)
    expect(shop.deployment().spec.replicas).toBe(3)
    second.type(keys.enter)
    await second.see('What was found?')
    second.type('the job that scales at night', keys.enter)
    await second.see('finished: 1 looked at, 1 done, 1 by hand, 0 left out')
    expect(await second.ended).toBe(0)

    const lines = (await readFile(path.join(home, '.local/state/task-mcp/record.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter((line) => line.type === 'note').map((line) => line.note)).toEqual(['scaled by hand at noon'])
    expect(lines.filter((line) => line.type === 'step').map(({ step, choice }) => [step, choice])).toEqual([
      ['replicas', 'seen'],
      ['scale', 'run'],
      ['hotfix', 'done'],
    ])
    expect(api.heard.filter((line) => /^PATCH .*deployments\/checkout$/.test(line))).toHaveLength(1)
  },
)

test.runIf(terminal)('Ctrl-C at a question ends the walk with 130', { timeout: 60_000 }, async () => {
  const shop = aShop()
  const api = await serveCluster(shop.cluster)
  const home = await mkdtemp(path.join(tmpdir(), 'task-mcp-walk-'))
  onTestFinished(async () => {
    await api.close()
    await rm(home, { recursive: true })
  })
  await writeFile(path.join(home, 'kubeconfig'), api.kubeconfig)
  await writeFile(path.join(home, 'short.md'), book)
  const settings = { service: { namespace: 'shop', workload: 'checkout', port: 8080 }, runbooks: home }
  await writeFile(path.join(home, 'task-mcp.yaml'), JSON.stringify(settings))
  const env = { PATH: process.env.PATH!, HOME: home, TERM: 'xterm', USER: 'jo', KUBECONFIG: path.join(home, 'kubeconfig') }
  const walk = onTerminal(['diagnose', 'short', '--guide'], env)
  await walk.see(/\] Bring replicas back/)
  walk.type(keys.interrupt)
  expect(await walk.ended).toBe(130)
})
