import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { openCluster } from '../../src/targets/kubernetes.ts'
import { aFolder } from '../support/folder.ts'
import { failure, smallServer } from './small-server.ts'

function write(content: string, directory = aFolder(), name = 'config'): string {
  const file = join(directory, name)
  writeFileSync(file, content)
  return file
}

const config = (name: string, server: string, extra = '') =>
  `{apiVersion: v1, kind: Config, ${extra} contexts: [{name: ${name}, context: {cluster: ${name}-c, user: ${name}-u}}], clusters: [{name: ${name}-c, cluster: {server: "${server}"}}], users: [{name: ${name}-u, user: {token: x}}]}`

const open = (settings: { kubeconfig?: string; context?: string }, env: Record<string, string> = {}, home = '/nowhere') =>
  openCluster({ kubeconfig: settings.kubeconfig, context: settings.context }, { env, home })

const thrown = (run: () => unknown): UsageError => {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return error as UsageError
  }
  throw new Error('expected a UsageError')
}

test('files of KUBECONFIG are merged as kubectl merges them: the first word on anything wins, missing files are passed over', () => {
  const one = write(config('east', 'https://east.example', 'current-context: east,'))
  const two = write(config('west', 'https://west.example', 'current-context: west,'))
  const env = { KUBECONFIG: `/not/there:${one}:${two}` }
  expect(open({}, env).identity()).toMatchObject({ context: 'east', server: 'https://east.example', user: 'east-u' })
  expect(open({ context: 'west' }, env).identity()).toMatchObject({ context: 'west', server: 'https://west.example' })
})

test('--kubeconfig comes before KUBECONFIG, KUBECONFIG before the home directory', () => {
  const home = aFolder()
  mkdirSync(join(home, '.kube'))
  write(config('home', 'https://home.example', 'current-context: home,'), join(home, '.kube'))
  const given = write(config('given', 'https://given.example', 'current-context: given,'))
  const listed = write(config('listed', 'https://listed.example', 'current-context: listed,'))
  expect(open({ kubeconfig: given }, { KUBECONFIG: listed }, home).identity().context).toBe('given')
  expect(open({}, { KUBECONFIG: listed }, home).identity().context).toBe('listed')
  expect(open({}, {}, home).identity().context).toBe('home')
})

test('a broken kubeconfig is named, with what to do', () => {
  expect(thrown(() => open({})).message).toBe('no cluster is configured')
  expect(thrown(() => open({ kubeconfig: '/not/there' })).message).toContain('/not/there')
  expect(thrown(() => open({}, { KUBECONFIG: '/not/there' })).message).toContain('KUBECONFIG names /not/there')
  for (const content of ['{a: [', 'just words', '', '- list', 'clusters: [{nme: x}]', 'contexts: 7']) {
    const file = write(content)
    expect(thrown(() => open({ kubeconfig: file })).message).toContain(file)
  }
})

test('a context that is not there lists those that are', () => {
  const file = write(config('east', 'https://east.example'))
  expect(thrown(() => open({ kubeconfig: file })).message).toContain('no current-context')
  const error = thrown(() => open({ kubeconfig: file, context: 'wset' }))
  expect(error.message).toContain('no context called "wset"')
  expect(error.next).toContain('it has east')
})

test('a context for a cluster that is not defined, and a server that is no address, are told', () => {
  const dangling = write('{current-context: a, contexts: [{name: a, context: {cluster: gone, user: u}}], clusters: [], users: []}')
  expect(thrown(() => open({ kubeconfig: dangling })).message).toContain('cluster "gone"')
  const odd = write(config('odd', 'tcp:nonsense', 'current-context: odd,'))
  expect(thrown(() => open({ kubeconfig: odd })).message).toContain('no usable server address')
})

function plugin(script: string): string {
  const file = write(`#!/bin/sh\n${script}\n`, aFolder(), 'plugin')
  chmodSync(file, 0o755)
  return file
}

const execConfig = (url: string, command: string) =>
  write(
    `{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: "${url}"}}], users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ${command}, interactiveMode: Never}}}]}`,
  )

test('a credential plugin gives the token, and is told which version to speak', async () => {
  const server = await smallServer(() => ({ body: { items: [] } }))
  const command = plugin(`case "$KUBERNETES_EXEC_INFO" in *client.authentication.k8s.io/v1*) ;; *) exit 3;; esac
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'`)
  const cluster = open({ kubeconfig: execConfig(server.url, command) })
  await cluster.list('pods', {}, AbortSignal.timeout(10_000))
  expect(server.heard[0]!.headers.authorization).toBe('Bearer from-plugin')
})

test('a credential plugin that fails, is missing, or hangs is named', async () => {
  const failing = open({ kubeconfig: execConfig('http://127.0.0.1:1', plugin('echo "token expired, log in" >&2; exit 1')) })
  const error = await failure(failing.list('pods', {}, AbortSignal.timeout(10_000)))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toMatch(/credential plugin .* of user "u" failed: token expired, log in/)
  const missing = open({ kubeconfig: execConfig('http://127.0.0.1:1', '/not/there/plugin') })
  expect((await failure(missing.list('pods', {}, AbortSignal.timeout(10_000)))).message).toContain('/not/there/plugin')
  const hanging = open({ kubeconfig: execConfig('http://127.0.0.1:1', plugin('exec sleep 1')) })
  expect((await failure(hanging.list('pods', {}, AbortSignal.timeout(50)))).message).toContain('did not answer within the deadline')
})
