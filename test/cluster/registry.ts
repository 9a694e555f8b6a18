import { readFile } from 'node:fs/promises'
import { workload } from './clients.ts'
import { apply, kubectl } from './kubectl.ts'
import type { World } from './world.ts'

const space = (world: World): string => `${world.names.namespace}-images`
export const pullSecret = (world: World): string => `${world.names.app}-pull`

/** Makes a private registry on every node, and lets our pods begin with a container whose image comes from it with a pull secret. */
export function fromPrivateRegistry(world: World): void {
  const port = world.random.int(20000, 29000)
  const password = world.secret()
  const address = `127.0.0.1:${port}`
  const auth = Buffer.from(`deploy:${password}`).toString('base64')
  world.secrets.push(auth)
  world.objects.push({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name: pullSecret(world) },
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [address]: { auth } } }) },
  })
  world.podSpec.imagePullSecrets = [{ name: pullSecret(world) }]
  const { securityContext } = world.container
  world.podSpec.initContainers = [
    { name: 'migrate', image: `${address}/platform/migrate:${world.random.int(1, 9)}`, imagePullPolicy: 'Always', securityContext },
  ]
  world.beforeUp = async () => {
    const program = await readFile(new URL('registry.mjs', import.meta.url), 'utf8')
    const env = [
      { name: 'PORT', value: String(port) },
      { name: 'USER_NAME', value: 'deploy' },
      { name: 'PASSWORD', value: password },
    ]
    const set = workload(
      'images',
      1,
      {
        name: 'images',
        image: world.images.app,
        command: ['node', '/program/registry.mjs'],
        env,
        volumeMounts: [{ name: 'program', mountPath: '/program' }],
      },
      [{ name: 'program', configMap: { name: 'program' } }],
    )
    set.kind = 'DaemonSet'
    delete set.spec.replicas
    set.spec.template.spec.hostNetwork = true
    await kubectl(['create', 'namespace', space(world)])
    await apply(
      space(world),
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'program' }, data: { 'registry.mjs': program } },
      set,
    )
    await kubectl(['-n', space(world), 'rollout', 'status', 'daemonset/images', '--timeout=60s'])
  }
}

export async function removeRegistry(world: World): Promise<void> {
  await kubectl(['delete', 'namespace', space(world), '--wait=false', '--ignore-not-found'])
}
