import { rolldown } from 'rolldown'
import type { Any } from './kubectl.ts'
import type { World } from './world.ts'

const hardened = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

/** A Deployment of one hardened container, as neighbours and clients are. */
export function workload(name: string, replicas: number, container: Any, volumes: Any[] = []): Any {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          enableServiceLinks: false,
          automountServiceAccountToken: false,
          containers: [harden(container)],
          volumes,
        },
      },
    },
  }
}

/** A container as Pod Security `restricted` wants it. */
export function harden(container: Any): Any {
  return {
    imagePullPolicy: 'IfNotPresent',
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '200Mi' } },
    securityContext: hardened,
    ...container,
  }
}

const bundled = new Map<string, Promise<string>>()

/** A client's program with its library, in one file: nothing of it is in an image. `file` is beside this one. */
export function clientProgram(file = 'client.mjs'): Promise<string> {
  const known = bundled.get(file)
  if (known !== undefined) return known
  const program = (async () => {
    const build = await rolldown({ input: new URL(file, import.meta.url).pathname, platform: 'node' })
    const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false })
    return output[0].code
  })()
  bundled.set(file, program)
  return program
}

/** The client that works on the task list through the Service, in a pod of its own. */
export function clientOf(world: World, program: string): Any[] {
  const { names, client, load } = world
  const container = {
    name: 'client',
    image: world.images.app,
    command: ['node', '/client/client.mjs'],
    env: [
      { name: 'ENDPOINT', value: `http://${world.entrance ?? `${names.app}:${world.servicePort}`}/mcp` },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: `${client}-token`, key: 'token' } } },
      { name: 'PAUSE_MS', value: String(load.pause) },
      { name: 'WORKERS', value: String(load.workers) },
    ],
    volumeMounts: [{ name: 'program', mountPath: '/client/client.mjs', subPath: 'client.mjs' }],
  }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${client}-program` }, data: { 'client.mjs': program } },
    workload(client, 1, container, [{ name: 'program', configMap: { name: `${client}-program` } }]),
  ]
}
