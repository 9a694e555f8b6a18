/** A hand at the real command line, against the cluster of KUBECONFIG, with a run record of its own. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Recorded } from '../../../src/actions/run-record.ts'
import { type Any, kubectl, type Ran, run } from '../../cluster/kubectl.ts'

const program = new URL('../../../bin/task-mcp.js', import.meta.url).pathname

export interface Hand {
  folder: string
  /** Type a command line; `kubeconfig` goes another way to the cluster. */
  type(argv: readonly string[], kubeconfig?: string): Promise<Ran>
  /**
   * The same, killed with SIGKILL so many milliseconds after its start, or after it has written so many lines of the record, or after
   * something has passed. True when it was still running.
   */
  killed(
    argv: readonly string[],
    after: number,
    since?: { lines: number } | { passing: Promise<void> },
    kubeconfig?: string,
  ): Promise<boolean>
  record(): Promise<Recorded[]>
}

/** A hand in a folder of its own, which is gone when this program ends, with these settings. */
export async function aHand(settings: object): Promise<Hand> {
  const folder = await mkdtemp(join(tmpdir(), 'hand-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'task-mcp.yaml'), stringify(settings))
  const file = join(folder, 'record.jsonl')
  // Patience: what is proven here is what is done, and not how fast a machine full of other tests does it.
  const env = { TASK_MCP_RECORD: file, USER: 'prover', TASK_MCP_TIMEOUT: '60s' }
  return {
    folder,
    type: (argv, kubeconfig) =>
      run(process.execPath, [program, ...argv], {
        cwd: folder,
        env: { ...env, ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) },
        timeoutSeconds: 500,
      }),
    killed: (argv, after, since, kubeconfig) =>
      new Promise((resolve, reject) => {
        const way = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }
        const child = spawn(process.execPath, [program, ...argv], { cwd: folder, env: { ...process.env, ...env, ...way }, stdio: 'ignore' })
        let hit = false
        const strike = () =>
          setTimeout(() => {
            hit = child.kill('SIGKILL')
          }, after)
        const size = (): number => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length : 1)
        const before = size()
        let timer = since === undefined ? strike() : undefined
        const watch =
          since === undefined || 'passing' in since
            ? undefined
            : setInterval(() => {
                if (timer === undefined && size() >= before + since.lines) timer = strike()
              }, 1)
        if (since !== undefined && 'passing' in since)
          void since.passing.then(() => {
            timer = strike()
          })
        child.on('error', reject)
        child.on('close', () => {
          clearTimeout(timer)
          clearInterval(watch)
          resolve(hit)
        })
      }),
    record: async () => {
      const text = await readFile(file, 'utf8').catch(() => '')
      return text.split('\n').flatMap((line) => {
        try {
          return line === '' ? [] : [JSON.parse(line) as Recorded]
        } catch {
          return []
        }
      })
    },
  }
}

const nginx = `cat >/tmp/nginx.conf <<'END'
error_log stderr; pid /tmp/nginx.pid;
events {}
http { access_log off; server { listen 8080; return 200; } }
END
exec nginx -c /tmp/nginx.conf -g 'daemon off;'`

/** A small Deployment that starts at once and answers everything with 200, its Service, its ConfigMap, and a policy on it. */
export async function aTarget(namespace: string, name = 'target'): Promise<void> {
  const labels = { app: name }
  const container = (image: string, greeting: string) => ({
    name: 'main',
    image,
    command: ['sh', '-c', nginx],
    imagePullPolicy: 'IfNotPresent',
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
    env: [{ name: 'GREETING', value: greeting }],
    envFrom: [{ configMapRef: { name } }],
    ports: [{ name: 'http', containerPort: 8080 }],
    resources: { requests: { cpu: '5m', memory: '8Mi' }, limits: { memory: '32Mi' } },
  })
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { COLOUR: 'green' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 0, containers: [container('localhost/services:1', 'hello')] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace },
      spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 'http' }] }] },
    },
  ]
  for (const item of items) await kubectl(['apply', '-f', '-'], { input: JSON.stringify(item) })
  await kubectl(['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=300s'], { timeoutSeconds: 310 })
}

export async function object(namespace: string, kind: string, name: string): Promise<Any> {
  return JSON.parse(await kubectl(['-n', namespace, 'get', kind, name, '-o', 'json']))
}

/** Settings that name the target as the service. */
export const targetSettings = (namespace: string, name = 'target') => ({
  service: { namespace, workload: name, service: name, port: 8080 },
})
