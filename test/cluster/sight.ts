/** Kubeconfigs with less than all rights, made from the Roles that deploy/rbac ships. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Sight } from './fault.ts'
import { type Any, apply, kubectl } from './kubectl.ts'
import { slowApi } from './slow-api.ts'
import type { World } from './world.ts'

const shipped = async (path: string): Promise<Any[]> =>
  parseAllDocuments(await readFile(new URL(`../../deploy/rbac/${path}`, import.meta.url), 'utf8')).map((document) => document.toJS())

/** What each sight is granted of the shipped Roles. */
const grants: Record<Exclude<Sight, 'all' | 'slow API'>, { namespace: boolean; cluster: boolean; monitoring: boolean; usage: boolean }> = {
  roles: { namespace: true, cluster: true, monitoring: true, usage: true },
  'namespace role': { namespace: true, cluster: false, monitoring: false, usage: true },
  'no Prometheus': { namespace: true, cluster: true, monitoring: false, usage: true },
  'no usage': { namespace: true, cluster: true, monitoring: true, usage: false },
  nothing: { namespace: false, cluster: false, monitoring: false, usage: false },
}

/** Of an API server that is slow: what takes milliseconds on a calm one. */
const secondsToAnswer = 0.8

async function written(config: object): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'viewer-')), 'kubeconfig')
  await writeFile(path, JSON.stringify(config), { mode: 0o600 })
  return path
}

const forgotten = (path: string): Promise<void> => rm(dirname(path), { recursive: true })

/** Makes a service account with the rights of a sight. Gives the path of its kubeconfig, and how to take back what is outside the namespace. */
export async function kubeconfigFor(world: World, sight: Exclude<Sight, 'all'>): Promise<{ path: string; remove: () => Promise<void> }> {
  if (sight === 'slow API') {
    const { config, end } = await slowApi(secondsToAnswer)
    const path = await written(config)
    const remove = async (): Promise<void> => {
      await end()
      await forgotten(path)
    }
    return { path, remove }
  }
  const { namespace } = world.names
  const grant = grants[sight]
  const account = `viewer-${namespace}`
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }]
  const objects: Any[] = [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } }]
  const give = async (path: string, place: string | undefined): Promise<void> => {
    const [role, binding] = await shipped(path)
    const metadata = { name: account, namespace: place }
    const rules = role.rules.filter((rule: Any) => grant.usage || !rule.apiGroups.includes('metrics.k8s.io'))
    objects.push({ ...role, metadata, rules }, { ...binding, metadata, subjects, roleRef: { ...binding.roleRef, name: account } })
  }
  if (grant.namespace) await give('namespace/reader.yaml', namespace)
  if (grant.monitoring) await give('monitoring/metrics-reader.yaml', 'monitoring')
  if (grant.cluster) await give('cluster/cluster-reader.yaml', undefined)
  await apply(undefined, ...objects)
  const token = (await kubectl(['-n', namespace, 'create', 'token', account, '--duration=1h'])).trim()
  world.secrets.push(token)
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']))
  config.users = [{ name: account, user: { token } }]
  config.contexts[0].context.user = account
  const path = await written(config)
  const remove = async (): Promise<void> => {
    await forgotten(path)
    for (const { kind, metadata } of objects)
      if (metadata.namespace !== namespace)
        await kubectl(['delete', kind, metadata.name, ...(metadata.namespace ? ['-n', metadata.namespace] : []), '--ignore-not-found'])
  }
  return { path, remove }
}
