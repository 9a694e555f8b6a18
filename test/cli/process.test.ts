/** The real process: streams, signals, colours, the Node version. Run from source, so no build is needed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const env = { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm' }

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}

/** Run a program to its end. */
function ended(command: string, args: string[], options: { whenRunning?: (child: ChildProcess) => Promise<void> } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    child.on('error', reject)
    options.whenRunning?.(child).catch(reject)
    child.on('close', (code, signal) => resolve({ code, signal, out, err }))
  })
}

const start = path.join(root, 'src/start.ts')

describe('the process', () => {
  test('answers on stdout, speaks on stderr, and exits with the code', async () => {
    const good = await ended(process.execPath, [start, 'config', 'service.workload'])
    expect(good).toEqual({ code: 0, signal: null, out: 'task-mcp-http\n', err: '' })
    const bad = await ended(process.execPath, [start, 'confg'])
    expect(bad).toEqual({
      code: 2,
      signal: null,
      out: '',
      err: 'task-mcp: task-mcp has no command "confg"\n  did you mean config?  task-mcp --help\n',
    })
  })

  test('a reader that leaves early ends it quietly', async () => {
    const r = await ended('bash', [
      '-c',
      `set -o pipefail; "${process.execPath}" "${start}" config --json | head -c 1 >/dev/null; echo "codes \${PIPESTATUS[*]}"`,
    ])
    expect(r.err).toBe('')
    expect(r.out).toMatch(/^codes (0|130) 0\n$/)
  })

  test('an answer that cannot be written is not a success', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('no /dev/full here')
    const r = await ended('bash', ['-c', `"${process.execPath}" "${start}" config > /dev/full`])
    expect(r).toMatchObject({ code: 5, err: 'task-mcp: the answer could not be written: ENOSPC: no space left on device, write\n' })
  })

  test('Ctrl-C in the middle of a read ends it with 130 and one line', async () => {
    // An API server that accepts and never answers.
    const server = net.createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const folder = await mkdtemp(path.join(tmpdir(), 'task-mcp-'))
    const kubeconfig = path.join(folder, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigFor(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`))
    const asked = once(server, 'connection')
    const r = await ended(process.execPath, [start, 'doctor', '--kubeconfig', kubeconfig], {
      whenRunning: async (child) => {
        await asked
        child.kill('SIGINT')
      },
    })
    expect(r).toEqual({ code: 130, signal: null, out: '', err: 'task-mcp: interrupted\n' })
    server.close()
    await rm(folder, { recursive: true })
  })
})

describe('bin/task-mcp.js', () => {
  const bin = path.join(root, 'bin/task-mcp.js')

  test('on an older Node says in one line what is needed', async () => {
    // Any Node shows the check when it believes to be older; a really older one is used where there is one.
    const r = await ended(process.execPath, [
      '--import',
      'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.11.0"})',
      bin,
      '--help',
    ])
    expect(r).toEqual({
      code: 2,
      signal: null,
      out: '',
      err: 'task-mcp needs Node 24 or newer, and this is Node 20.11.0: https://nodejs.org\n',
    })
  })

  test('on the older Node of this machine, if it has one', async ({ skip }) => {
    const system = ['/usr/bin/node', '/usr/local/bin/node'].filter(existsSync)
    for (const node of system) {
      const version = (await ended(node, ['--version'])).out.trim()
      if (Number.parseInt(version.slice(1), 10) >= 24) continue
      const r = await ended(node, [bin, '--help'])
      expect(r).toEqual({
        code: 2,
        signal: null,
        out: '',
        err: `task-mcp needs Node 24 or newer, and this is Node ${version.slice(1)}: https://nodejs.org\n`,
      })
      return
    }
    skip('no older Node here')
  })
})

const kubeconfigFor = (server: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'kim' } }],
    clusters: [{ name: 'here', cluster: { server } }],
    users: [{ name: 'kim', user: {} }],
  })
