/**
 * Which cluster, and as whom: kubeconfig rules as kubectl has them, by the Kubernetes client library. The requests
 * themselves are ours (kubernetes-api.ts): the library's API classes cost 400 ms to load. For the same reason the
 * import names the one file of the library that reads kubeconfigs.
 */
import { existsSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { delimiter, join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import { ExpectedError, UsageError } from '../errors.ts'
import type { ClusterSettings } from '../settings.ts'
import { abortError } from './http-request.ts'
import type { Connection, Credentials } from './kubernetes-api.ts'
import { KubernetesCluster } from './kubernetes-cluster.ts'

export interface ClusterDeps {
  env: Readonly<Record<string, string | undefined>>
  home: string
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** The way to the cluster that the settings, KUBECONFIG, ~/.kube/config or the pod's own service account name. Nothing is sent yet. UsageError when none can be made of them. */
export function connect(settings: ClusterSettings, deps: ClusterDeps): Connection {
  return connectionOf(loadConfig(settings, deps), deps)
}

/** The cluster at the end of that way. */
export function openCluster(settings: ClusterSettings, deps: ClusterDeps): KubernetesCluster {
  return new KubernetesCluster(connect(settings, deps))
}

function loadConfig(settings: ClusterSettings, deps: ClusterDeps): KubeConfig {
  const config = new KubeConfig()
  const files = kubeconfigFiles(settings, deps)
  if (files.length === 0) {
    if (!existsSync(serviceAccountToken)) {
      throw new UsageError('no cluster is configured', 'set KUBECONFIG, or give --kubeconfig FILE; without either ~/.kube/config is read')
    }
    config.loadFromCluster()
    return config
  }
  // As kubectl merges: the first file to name a context, cluster, user or current context wins.
  for (const file of files) {
    const next = loadFile(file)
    config.currentContext ||= next.currentContext
    config.clusters.push(...next.clusters.filter((entry) => !config.clusters.some((have) => have.name === entry.name)))
    config.users.push(...next.users.filter((entry) => !config.users.some((have) => have.name === entry.name)))
    config.contexts.push(...next.contexts.filter((entry) => !config.contexts.some((have) => have.name === entry.name)))
  }
  chooseContext(config, settings.context, files.join(delimiter))
  return config
}

function kubeconfigFiles(settings: ClusterSettings, deps: ClusterDeps): string[] {
  if (settings.kubeconfig !== undefined) {
    if (!existsSync(settings.kubeconfig)) throw new UsageError(`there is no kubeconfig at ${settings.kubeconfig}`, 'check --kubeconfig')
    return [settings.kubeconfig]
  }
  const listed = (deps.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  if (listed.length === 0) return [join(deps.home, '.kube', 'config')].filter((file) => existsSync(file))
  const present = listed.filter((file) => existsSync(file))
  if (present.length === 0)
    throw new UsageError(`KUBECONFIG names ${listed.join(' and ')}, which is not there`, 'correct KUBECONFIG, or give --kubeconfig FILE')
  return present
}

function loadFile(file: string): KubeConfig {
  const config = new KubeConfig()
  try {
    config.loadFromFile(file)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : ''
    throw new UsageError(
      `${file} cannot be used as a kubeconfig: ${why}`,
      `kubectl --kubeconfig ${file} config view  shows what kubectl makes of it`,
      { cause: error },
    )
  }
  return config
}

function chooseContext(config: KubeConfig, wanted: string | undefined, where: string): void {
  const names = config.contexts.map((context) => context.name)
  if (wanted !== undefined) config.setCurrentContext(wanted)
  const name = config.getCurrentContext()
  const choices = names.length === 0 ? 'it has no contexts at all' : `it has ${names.join(', ')}`
  if (name === undefined || name === '') throw new UsageError(`${where} has no current-context`, `choose one with --context; ${choices}`)
  const context = config.contexts.find((entry) => entry.name === name)
  if (context === undefined) throw new UsageError(`${where} has no context called "${name}"`, `choose another with --context; ${choices}`)
  if (!config.clusters.some((entry) => entry.name === context.cluster)) {
    throw new UsageError(
      `context "${name}" in ${where} is for cluster "${context.cluster}", which is not defined there`,
      'correct the kubeconfig, or choose another --context',
    )
  }
}

function connectionOf(config: KubeConfig, deps: ClusterDeps): Connection {
  const context = config.getContextObject(config.getCurrentContext())
  const cluster = config.getCurrentCluster()
  if (context === null || cluster === null)
    throw new UsageError('the kubeconfig names no cluster', 'correct the kubeconfig, or choose another --context')
  const server = serverUrl(cluster.server, cluster.name)
  // kubectl allows plain http (kubectl proxy); the library only when told not to verify TLS.
  if (server.protocol === 'http:') Object.assign(cluster, { skipTLSVerify: true })
  let held: Promise<Credentials> | undefined
  return {
    identity: { context: context.name, server: cluster.server, user: context.user, namespace: context.namespace },
    server,
    credentials: (signal) => {
      held ??= credentialsOf(config, cluster.proxyUrl !== undefined, deps).catch((error) => {
        held = undefined
        throw error
      })
      return unlessAborted(held, signal, context.user)
    },
    renewCredentials: () => {
      held = undefined
    },
  }
}

function serverUrl(server: string | undefined, name: string): URL {
  const url = URL.parse(server ?? '')
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`cluster "${name}" in the kubeconfig has no usable server address`, 'its `server:` must be an https:// URL')
  return url
}

async function credentialsOf(config: KubeConfig, proxied: boolean, deps: ClusterDeps): Promise<Credentials> {
  const options: https.RequestOptions = {}
  giveExecInfo(config)
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    throw credentialsError(config, error)
  }
  const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options
  const tls = Object.fromEntries(
    Object.entries({ ca, cert, key, passphrase, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined),
  )
  const pool = { keepAlive: true, maxSockets: 16, proxyEnv: deps.env as NodeJS.ProcessEnv }
  const agent = proxied
    ? (options.agent as http.Agent)
    : config.getCurrentCluster()?.server.startsWith('http:')
      ? new http.Agent(pool)
      : new https.Agent({ ...pool, ...tls })
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
  if (typeof options.auth === 'string') headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
  return { agent, tls, headers }
}

/** Credential plugins read the API version they must answer in from the environment; the library does not set it. */
function giveExecInfo(config: KubeConfig): void {
  const exec = config.getCurrentUser()?.exec
  if (exec === undefined || exec === null) return
  const kept = (exec.env ?? []).filter((entry: { name: string }) => entry.name !== 'KUBERNETES_EXEC_INFO')
  exec.env = [
    ...kept,
    {
      name: 'KUBERNETES_EXEC_INFO',
      value: JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } }),
    },
  ]
}

function credentialsError(config: KubeConfig, error: unknown): Error {
  if (error instanceof ExpectedError) return error
  const user = config.getCurrentUser()
  const why = error instanceof Error ? (error.message.trim().split('\n', 1)[0] ?? '') : String(error)
  if (user?.exec !== undefined && user.exec !== null) {
    return new UsageError(
      `the credential plugin ${user.exec.command} of user "${user.name}" failed: ${why}`,
      'run it by hand, or log in again with the tool it belongs to',
      { cause: error },
    )
  }
  return new UsageError(
    `the credentials of user "${user?.name ?? ''}" cannot be used: ${why}`,
    'correct the user in the kubeconfig, or choose another --context',
    { cause: error },
  )
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, user: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal, `the credential source of user "${user}"`))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
