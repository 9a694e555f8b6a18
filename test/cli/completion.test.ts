import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offerFor } from '../../src/commands/complete.ts'
import { namesFor } from '../../src/commands/complete-names.ts'
import type { CommandEntry } from '../../src/commands/entry.ts'
import { exit } from '../../src/errors.ts'
import { FakeCluster } from '../support/fake-cluster.ts'
import { aWorld, cli } from '../support/world.ts'

const load = async () => ({ run: async () => exit.ok })
const table: CommandEntry[] = [
  {
    usage: 'diagnose [runbook]',
    summary: 'find the cause',
    group: 'look',
    words: { runbook: { about: 'a runbook', completes: 'runbook' } },
    options: [
      { flags: '--record <file>', summary: 'save what was seen', completes: 'file' },
      { flags: '--depth <depth>', summary: 'how deep', choices: ['shallow', 'deep'] },
      { flags: '--secretly', summary: 'not shown', hidden: true },
    ],
    examples: [],
    load,
  },
  { usage: 'runbook list', summary: 'list runbooks', group: 'runbook', options: [], examples: [], load },
  {
    usage: 'runbook lint [file...]',
    summary: 'check runbooks',
    group: 'runbook',
    words: { file: { about: '', completes: 'file' } },
    options: [],
    examples: [],
    load,
  },
]

const known = { runbook: ['high-error-rate', 'service-downtime'], context: ['lab', 'live-eu', 'live-us'], namespace: ['shop'] }
const offer = (...words: string[]) => offerFor(words, table, async (kind) => known[kind])
const offered = async (...words: string[]) => (await offer(...words)).candidates.map(({ word }) => word)

describe('what is offered', () => {
  test('commands, then the second words of a group', async () => {
    expect(await offered('')).toEqual(['diagnose', 'runbook', 'help'])
    expect(await offered('d')).toEqual(['diagnose'])
    expect(await offered('runbook', '')).toEqual(['list', 'lint'])
    expect(await offered('help', 'runbook', 'l')).toEqual(['list', 'lint'])
    expect(await offered('-n', 'shop', 'ru')).toEqual(['runbook'])
    expect(await offered('nonsense', '')).toEqual([])
  })

  test('runbooks where a runbook goes, once', async () => {
    expect(await offered('diagnose', '')).toEqual(['high-error-rate', 'service-downtime'])
    expect(await offered('diagnose', '--json', 'high')).toEqual(['high-error-rate'])
    expect(await offered('diagnose', 'high-error-rate', '')).toEqual([])
  })

  test('options that were not said yet, and their values', async () => {
    expect(await offered('diagnose', '--')).toContain('--record')
    expect(await offered('diagnose', '--')).not.toContain('--secretly')
    expect(await offered('diagnose', '--json', '--')).not.toContain('--json')
    expect(await offered('diagnose', '--depth', '')).toEqual(['shallow', 'deep'])
    expect(await offered('diagnose', '--depth=d')).toEqual(['--depth=deep'])
    expect((await offer('diagnose', '--record', '')).files).toBe('file')
    expect((await offer('runbook', 'lint', 'a.md', '')).files).toBe('file')
  })
})

test('contexts of every kubeconfig where a context goes, namespaces of the cluster where one goes', async () => {
  const config = (...names: string[]) => JSON.stringify({ contexts: names.map((name) => ({ name, context: {} })) })
  const cluster = new FakeCluster()
  for (const name of ['shop', 'billing']) cluster.put('namespaces', { metadata: { name } })
  const world = aWorld({
    env: { KUBECONFIG: '/k/one:/k/two:/k/gone' },
    files: { '/k/one': config('lab', 'live-eu'), '/k/two': config('live-us', 'lab') },
    targets: () => ({ cluster: async () => cluster }) as never,
  })
  const names = namesFor(world, ['diagnose', '-n', ''])
  expect(await names('context')).toEqual(['lab', 'live-eu', 'live-us'])
  expect(await namesFor(world, ['--kubeconfig', '/k/two', '--context', ''])('context')).toEqual(['lab', 'live-us'])
  expect(await names('namespace')).toEqual(['billing', 'shop'])
  expect(await namesFor(aWorld(), [])('namespace')).toEqual([])
  const contextOption = { flags: '--context <name>', summary: '', completes: 'context' } as const
  const [entry] = table
  expect((await offerFor(['diagnose', '--context', 'live'], [{ ...entry!, options: [contextOption] }], names)).candidates).toEqual([
    { word: 'live-eu', about: 'context' },
    { word: 'live-us', about: 'context' },
  ])
})

test('the names of the shipped runbooks come from the package', async () => {
  const world = aWorld()
  world.disk.set(`${world.root}/runbooks/high-error-rate.md`, '')
  const r = await cli(world, table)('__complete', 'diagnose', 'hi')
  expect(r).toEqual({ code: 0, out: 'high-error-rate\trunbook\n', err: '' })
})

test('there is a script for three shells, and a hint for a slip', async () => {
  const r = await cli(aWorld())('completion', 'bsh')
  expect(r.code).toBe(2)
  expect(r.err).toContain('did you mean bash?')
})

describe('in real shells', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'task-mcp-'))
    const command = path.join(folder, 'task-mcp')
    const start = path.resolve(import.meta.dirname, '../../src/start.ts')
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${start}" "$@"\n`)
    chmodSync(command, 0o755)
    writeFileSync(path.join(folder, 'settings one.yaml'), '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const shell = (name: string, script: string) =>
    execFileSync(name, name === 'fish' ? ['--no-config', '-c', script] : name === 'zsh' ? ['-f', '-c', script] : ['--norc', '-c', script], {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'dumb' },
    }).trimEnd()
  const missing = (name: string) => spawnSync(name, ['--version']).error !== undefined

  test('bash', ({ skip }) => {
    if (missing('bash')) skip('no bash here')
    const type = (...words: string[]) =>
      shell(
        'bash',
        `source <(task-mcp completion bash); COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _task_mcp; printf '%s|' "\${COMPREPLY[@]}"`,
      )
    expect(type('task-mcp', 'comp')).toBe('completion|')
    expect(type('task-mcp', 'completion', '""')).toBe('bash|zsh|fish|')
    expect(type('task-mcp', 'config', '--kind', '=', 'St')).toBe('StatefulSet|')
    expect(type('task-mcp', 'config', '--kind', '=')).toBe('Deployment|StatefulSet|DaemonSet|')
    expect(type('task-mcp', 'config', '--config', 'set')).toBe('settings one.yaml|')
  })

  test('zsh', ({ skip }) => {
    if (missing('zsh')) skip('no zsh here')
    const type = (...words: string[]) =>
      shell(
        'zsh',
        `compdef() {}; _files() { print -n "files|" }; _describe() { local list=$argv[-1]; print -rn -- "\${(j:|:)\${(P)list}}|" }
         source <(task-mcp completion zsh); words=(${words.join(' ')}); CURRENT=${words.length}; _task_mcp`,
      )
    expect(type('task-mcp', 'comp')).toBe('completion:print the completion script of a shell|')
    expect(type('task-mcp', 'config', '--kind', '""')).toBe('Deployment:|StatefulSet:|DaemonSet:|')
    expect(type('task-mcp', 'config', '--config', '""')).toBe('files|')
  })

  test('fish', ({ skip }) => {
    if (missing('fish')) skip('no fish here')
    const type = (line: string) => shell('fish', `task-mcp completion fish | source; complete -C "${line}"`).split('\n')
    expect(type('task-mcp comp')).toEqual(['completion\tprint the completion script of a shell'])
    expect(type('task-mcp config --kind ')).toEqual(['DaemonSet', 'Deployment', 'StatefulSet'])
    expect(type('task-mcp config --config set')).toEqual([expect.stringContaining('settings one.yaml')])
  })
})
