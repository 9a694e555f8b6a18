/** Programs in pods of their own that do something to the service: watchers of streams, knockers at the door. */
import { clientProgram, workload } from './clients.ts'
import type { World } from './world.ts'

/**
 * Starts `replicas` pods that run a file of this folder.
 * @param settings its environment; `TOKEN` is there besides, that of the usual client
 */
export async function start(world: World, name: string, file: string, settings: Record<string, string>, replicas = 1): Promise<void> {
  const program = await clientProgram(file)
  const container = {
    name: 'main',
    image: world.images.app,
    command: ['node', `/program/${file}`],
    env: [
      ...Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: `${world.client}-token`, key: 'token' } } },
    ],
    volumeMounts: [{ name: 'program', mountPath: '/program' }],
  }
  await world.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-program` }, data: { [file]: program } },
    workload(name, replicas, container, [{ name: 'program', configMap: { name: `${name}-program` } }]),
  )
  await world.k('rollout', 'status', `deployment/${name}`, '--timeout=120s')
}

/** Where the service is asked from inside. */
export const target = (world: World): string => `http://${world.names.app}:${world.servicePort}`
