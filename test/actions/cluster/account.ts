/** A service account with shipped Roles and rules of its own, and a kubeconfig for it. */
import { readFile, writeFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import { type Any, apply, kubectl } from '../../cluster/kubectl.ts'

export interface Account {
  kubeconfig: string
  /** May do this too, from now on. */
  grant(rule: object): Promise<void>
}

/** Makes the account in a namespace, with these of the Roles in deploy/rbac/namespace. `server` leads elsewhere than KUBECONFIG does. */
export async function anAccount(
  namespace: string,
  name: string,
  roles: readonly ('reader' | 'operator')[],
  file: string,
  server?: string,
): Promise<Account> {
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  const rules: object[] = []
  for (const role of roles) {
    const text = await readFile(new URL(`../../../deploy/rbac/namespace/${role}.yaml`, import.meta.url), 'utf8')
    rules.push(...parseAllDocuments(text).flatMap((document) => (document.toJS() as { rules?: object[] }).rules ?? []))
  }
  const binding = (kind: 'RoleBinding', metadata: object, role: string): Any => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    subjects,
  })
  const put = () => apply(undefined, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules })
  await apply(
    undefined,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    binding('RoleBinding', { name, namespace }, name),
  )
  await put()
  const token = (await kubectl(['-n', namespace, 'create', 'token', name, '--duration=1h'])).trim()
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']))
  config.users = [{ name, user: { token } }]
  config.contexts[0].context.user = name
  if (server !== undefined) config.clusters[0].cluster.server = server
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  return {
    kubeconfig: file,
    grant: async (rule) => {
      rules.push(rule)
      await put()
    },
  }
}
