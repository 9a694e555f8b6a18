/** Who is believed: a certificate past its end, and an account that may no longer do what it does. */
import { authority, type Pair } from '../authority.ts'
import { workload } from '../clients.ts'
import type { Fault } from '../fault.ts'
import { completing } from '../inside.ts'
import { clientSuffers, errorShare } from '../see.ts'
import type { World } from '../world.ts'

const errors = { row: 'errors', runbook: 'high-error-rate', store: 'postgresql', before: 20 } as const

const approver = (world: World): string => `${world.client.split('-')[0]}-approvals`
const tls = ({ certificate, key }: Pair) => ({ 'tls.crt': certificate, 'tls.key': key })
const overTls =
  "const fs = require('fs'); require('https').createServer({ cert: fs.readFileSync('/tls/tls.crt'), key: fs.readFileSync('/tls/tls.key') }, (q, r) => { r.writeHead(200, { 'content-type': 'application/json' }); r.end('{}') }).listen(8443, '0.0.0.0')"
const give = (world: World, name: string, value: string): void => {
  world.container.env = [...(world.container.env ?? []), { name, value }]
}
/** One pair that is good and one that ended ten days ago, of one authority, by world. */
const pairs = new WeakMap<World, Pair[]>()

/** A service that asks another over TLS before each change; both trust one authority. */
function asksOverTls(world: World): void {
  const name = approver(world)
  const egress = world.find('NetworkPolicy', world.names.app).spec.egress
  egress.push({ to: [{ podSelector: { matchLabels: { app: name } } }] })
  Object.assign(world.settings, { TASK_MCP_WEBHOOK_URL: `https://${name}:8443/hook`, TASK_MCP_WEBHOOK_MODE: 'before' })
  world.podSpec.volumes.push({ name: 'authority', configMap: { name: `${name}-authority` } })
  world.container.volumeMounts.push({ name: 'authority', mountPath: '/etc/authority' })
  give(world, 'NODE_EXTRA_CA_CERTS', '/etc/authority/root.pem')
  world.dependencies = [{ name: 'approvals', host: name, port: 8443 }]
  world.beforeUp = async () => {
    const made = await authority(name, [-20, 40], [-100, -10])
    pairs.set(world, made.pairs)
    const container = {
      name: 'api',
      image: world.images.app,
      command: ['node', '-e', overTls],
      volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
    }
    await world.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-authority` }, data: { 'root.pem': made.root } },
      { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: `${name}-tls` }, stringData: tls(made.pairs[0]!) },
      workload(name, 1, container, [{ name: 'tls', secret: { secretName: `${name}-tls` } }]),
      { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 8443 }] } },
    )
    await world.k('rollout', 'status', `deployment/${name}`, '--timeout=60s')
  }
}

/** What makes the service ask the cluster for its switches before it completes a task, with the service's own account. */
const asksCluster = (namespace: string, switches: string): string => `
import { readFileSync } from 'node:fs'
const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
let refused
const look = async () => {
  const headers = { authorization: 'Bearer ' + readFileSync(folder + '/token', 'utf8') }
  const answer = await fetch('https://kubernetes.default.svc/api/v1/namespaces/${namespace}/configmaps/${switches}', { headers })
  const body = await answer.json()
  refused = answer.ok ? undefined : body.message
  if (refused) console.error(JSON.stringify({ level: 'error', msg: 'switches cannot be read', error: refused }))
}
setInterval(() => look().catch((error) => console.error(error)), 1000).unref()
const { stringify } = JSON
JSON.stringify = (value, ...rest) => {
  if (refused && (${completing})) throw new Error('switches cannot be read: ' + refused)
  return stringify(value, ...rest)
}`

const binding = (world: World): string => `${world.names.app}-switches`

export const trust: Fault[] = [
  {
    ...errors,
    name: 'certificate of a partner past its end',
    expected: ['tls_expired'],
    subjects: (world) => [{ kind: 'Secret', name: `${approver(world)}-tls` }],
    wrong: ['restart', 'rollback', 'scale'],
    prepare: asksOverTls,
    inject: async (world) => {
      const name = approver(world)
      await world.patch('secret', `${name}-tls`, { stringData: tls(pairs.get(world)![1]!) })
      await world.k('rollout', 'restart', `deployment/${name}`)
      await world.k('rollout', 'status', `deployment/${name}`, '--timeout=60s')
    },
    shows: clientSuffers,
  },
  {
    ...errors,
    name: "the service's own RoleBinding removed",
    expected: ['rbac_denied'],
    subjects: (world) => ['RoleBinding', 'Role'].map((kind) => ({ kind, name: binding(world) })),
    wrong: ['restart', 'rollback', 'scale'],
    prepare: (world) => {
      world.podSpec.automountServiceAccountToken = true
      give(world, 'NODE_EXTRA_CA_CERTS', '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt')
      give(world, 'NODE_OPTIONS', '--import=/opt/switches/register.mjs')
      world.podSpec.volumes.push({ name: 'switches', configMap: { name: `${world.names.app}-register` } })
      world.container.volumeMounts.push({ name: 'switches', mountPath: '/opt/switches' })
      world.find('NetworkPolicy', world.names.app).spec.egress.push({ ports: [443, 6443].map((port) => ({ port, protocol: 'TCP' })) })
      const name = binding(world)
      const data = { 'register.mjs': asksCluster(world.names.namespace, name) }
      const kind = 'ServiceAccount'
      world.objects.push(
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${world.names.app}-register` }, data },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { completing: 'on' } },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name },
          rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
          subjects: [{ kind, name: world.podSpec.serviceAccountName, namespace: world.names.namespace }],
        },
      )
    },
    inject: async (world) => {
      await world.k('delete', 'rolebinding', binding(world))
    },
    shows: (world) => errorShare(world, 0.02),
  },
]
