import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { resources } from '../../src/facts/kubernetes/resources.ts'
import { aServerShop } from './server-shop.ts'
import { aShop, namespace, type Shop, template } from './shop.ts'

const applied = (object: unknown) => ({ 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object) })

/** Every action once, each with something to do. */
async function everything(): Promise<Shop[]> {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2-broken')
  })
  await shop.run('rollback', '--yes')
  await shop.run('restart', '--yes')
  await shop.run('resources', '--memory-limit', '256Mi', '--yes')
  shop.cluster.put('services', {
    metadata: { name: 'checkout', namespace },
    spec: { selector: { app: 'x' }, ports: [{ port: 80, targetPort: 'http' }] },
  })
  await shop.run('service', '--yes')
  shop.cluster.put('networkpolicies', { metadata: { name: 'out', namespace }, spec: { podSelector: {}, policyTypes: ['Egress'] } })
  await shop.run('policy', '--yes')
  shop.cluster.put('configmaps', {
    metadata: { name: 'checkout', namespace, annotations: applied({ data: { greeting: 'a' } }) },
    data: { greeting: 'b' },
  })
  await shop.run('config-restore', 'configmap/checkout', '--yes')
  const pods = shop.cluster.all('pods').filter((pod) => pod.metadata.labels?.app === 'checkout')
  await shop.run('pod', pods[0]!.metadata.name, '--yes')
  await shop.run('pod', pods[1]!.metadata.name, '--isolate', '--yes')
  await shop.run('undo', '--yes', '--wait', '0s')

  const scaled = aShop()
  scaled.cluster.put('horizontalpodautoscalers', {
    metadata: { name: 'c', namespace },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'checkout' }, maxReplicas: 4 },
  })
  await scaled.run('scale', '--replicas', '6', '--yes', '--wait', '0s')

  const server = aServerShop()
  await server.run('block', 'add', '203.0.113.9', '--for', '1h', '--yes')
  await server.run('block', 'remove', '203.0.113.9', '--yes')
  await server.run('limit', 'rate-limit', '50', '--yes')
  server.cluster.put('networkpolicies', { metadata: { name: 'in', namespace }, spec: { podSelector: {}, ingress: [{}] } })
  await server.run('block', 'add', '203.0.113.9', '--by', 'policy', '--yes')

  const others = aShop()
  for (const [resource, name] of [
    ['statefulsets', 'ledger'],
    ['daemonsets', 'agent'],
  ] as const) {
    others.cluster.put(resource, {
      metadata: { name, namespace },
      spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: template() },
    } as never)
    await others.run('restart', `${resource.slice(0, -1)}/${name}`, '--yes', '--wait', '0s')
  }
  return [shop, scaled, server, others]
}

test('the operator Role is exactly what the actions write', async () => {
  const writes = (await everything()).flatMap((shop) => shop.cluster.writes)
  const used = new Set(writes.map(({ verb, resource }) => `${verb} ${resources[resource].group}/${resources[resource].plural}`))
  const text = readFileSync(new URL('../../deploy/rbac/namespace/operator.yaml', import.meta.url), 'utf8')
  const role = parseAllDocuments(text)
    .map((document) => document.toJS() as { kind: string; rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] })
    .find((object) => object.kind === 'Role')!
  const granted = role.rules.flatMap((rule) =>
    rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} ${rule.apiGroups[0]}/${resource}`)),
  )
  expect([...used].sort()).toEqual(granted.sort())
  expect(writes.filter((write) => write.resource === 'pods' && write.verb === 'create').every((write) => write.dryRun)).toBe(true)
})
