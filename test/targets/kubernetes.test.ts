import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AbsentError, DeniedError, InterruptedError, MovedError, RefusedError, UnreachableError } from '../../src/errors.ts'
import { openCluster } from '../../src/targets/kubernetes.ts'
import { secretWithIt } from '../support/expired-certificate.ts'
import { aFolder } from '../support/folder.ts'
import { type Answer, failure, type Heard, smallServer } from './small-server.ts'

const soon = () => AbortSignal.timeout(10_000)

function clusterAt(url: string, user = 'token: t0k') {
  const file = join(aFolder(), 'config')
  writeFileSync(
    file,
    `{apiVersion: v1, kind: Config, current-context: lab, contexts: [{name: lab, context: {cluster: c, user: jo, namespace: shop}}], clusters: [{name: c, cluster: {server: "${url}"}}], users: [{name: jo, user: {${user}}}]}`,
  )
  return openCluster({ kubeconfig: file, context: undefined }, { env: {}, home: '/nowhere' })
}

async function aCluster(answer: (heard: Heard, count: number) => Answer) {
  const server = await smallServer(answer)
  return { server, cluster: clusterAt(server.url) }
}

const status = (code: number, message: string, reason?: string): Answer => ({
  status: code,
  body: { kind: 'Status', message, reason, code },
})
const item = (name: string) => ({ metadata: { name } })

test('a list is read page by page, with the selectors in each', async () => {
  const { server, cluster } = await aCluster(({ query }) => ({
    body: query.get('continue') === 'more' ? { items: [item('c')] } : { items: [item('a'), item('b')], metadata: { continue: 'more' } },
  }))
  const found = await cluster.list('pods', { namespace: 'shop', labelSelector: 'app=till', fieldSelector: 'status.phase=Running' }, soon())
  expect(found).toEqual({ items: [item('a'), item('b'), item('c')], truncated: false })
  expect(server.heard.map((heard) => heard.path)).toEqual(['/api/v1/namespaces/shop/pods', '/api/v1/namespaces/shop/pods'])
  for (const { query, headers } of server.heard) {
    expect(query.get('labelSelector')).toBe('app=till')
    expect(query.get('fieldSelector')).toBe('status.phase=Running')
    expect(headers.authorization).toBe('Bearer t0k')
  }
  expect(cluster.stats.requests).toBe(2)
})

test('a limit stops the paging and says that there is more', async () => {
  const { server, cluster } = await aCluster(() => ({ body: { items: [item('a'), item('b')], metadata: { continue: 'more' } } }))
  expect(await cluster.list('deployments', { limit: 2 }, soon())).toEqual({ items: [item('a'), item('b')], truncated: true })
  expect(server.heard).toHaveLength(1)
  expect(server.heard[0]!.path).toBe('/apis/apps/v1/deployments')
  expect(server.heard[0]!.query.get('limit')).toBe('2')
})

test('values of Secrets and of metadata-only ConfigMaps are not kept, even from a server that sends them', async () => {
  const leaky = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 's',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"stringData":{"pass":"CANARY"}}', owner: 'till' },
    },
    data: { pass: 'CANARY' },
    stringData: { pass: 'CANARY' },
  }
  const { server, cluster } = await aCluster(({ path }) => ({ body: path.endsWith('/s') ? leaky : { items: [leaky] } }))
  const secrets = await cluster.list('secrets', { namespace: 'shop' }, soon())
  const maps = await cluster.list('configmaps', { namespace: 'shop', metadataOnly: true }, soon())
  const one = await cluster.get('secrets', { namespace: 'shop', name: 's' }, soon())
  const written = await cluster.patch(
    { resource: 'secrets', namespace: 'shop', name: 's' },
    'merge',
    {},
    { dryRun: true, fieldManager: 'f' },
    soon(),
  )
  expect(JSON.stringify([secrets, maps, one, written])).not.toContain('CANARY')
  expect(secrets.items[0]!.metadata.annotations).toEqual({ owner: 'till' })
  expect(server.heard.slice(0, 3).every(({ headers }) => headers.accept?.includes('PartialObjectMetadata'))).toBe(true)
})

test('certificates of a Secret come without what is beside them', async () => {
  const secret = { kind: 'Secret', ...secretWithIt('way-in-tls', 'shop') }
  const { cluster } = await aCluster(() => ({ body: { ...secret, data: { ...secret.data, 'ca.crt': 'bm90IGEgY2VydA==' } } }))
  const found = await cluster.certificates({ namespace: 'shop', name: 'way-in-tls' }, soon())
  expect(found).toMatchObject([{ key: 'tls.crt', subject: 'O=lab, CN=gate.example', notAfter: '2025-04-01T00:00:00.000Z' }])
  expect(JSON.stringify(found)).not.toMatch(/CANARY|Q0FOQVJZ/)
})

test('busy, then failing, then cut, then fine: a read tries again and counts what it sent', async () => {
  const busy = await aCluster((_, count) =>
    count === 1 ? { status: 429, headers: { 'retry-after': '0' }, body: {} } : { body: { items: [] } },
  )
  await busy.cluster.list('pods', {}, soon())
  expect(busy.cluster.stats.requests).toBe(2)

  const failing = await aCluster((_, count) => (count === 1 ? status(500, 'etcd leader changed') : { body: { items: [] } }))
  await failing.cluster.list('pods', {}, soon())
  expect(failing.server.heard).toHaveLength(2)

  const cut = await aCluster((_, count) => (count < 3 ? (count === 1 ? 'cut' : 'half') : { body: { items: [item('a')] } }))
  expect((await cut.cluster.list('pods', {}, soon())).items).toHaveLength(1)
})

test('a server that stays broken is given up after three tries, in words', async () => {
  const { server, cluster } = await aCluster(() => status(500, 'etcd is gone'))
  const error = await failure(cluster.list('pods', {}, soon()))
  expect(error).toBeInstanceOf(UnreachableError)
  expect(error.message).toMatch(/answered 500: etcd is gone/)
  expect(server.heard).toHaveLength(3)
})

test('a write that may have arrived is never sent twice, one that was turned away is', async () => {
  const cut = await aCluster(() => 'cut')
  const patch = (cluster: typeof cut.cluster) =>
    cluster.patch({ resource: 'deployments', namespace: 'shop', name: 'till' }, 'json', [], { dryRun: false, fieldManager: 'f' }, soon())
  expect(await failure(patch(cut.cluster))).toBeInstanceOf(UnreachableError)
  expect(cut.server.heard).toHaveLength(1)
  const broken = await aCluster(() => status(500, 'no'))
  expect(await failure(patch(broken.cluster))).toBeInstanceOf(UnreachableError)
  expect(broken.server.heard).toHaveLength(1)
  const busy = await aCluster((_, count) =>
    count === 1 ? { status: 429, headers: { 'retry-after': '0' }, body: {} } : { body: item('till') },
  )
  expect(await patch(busy.cluster)).toEqual(item('till'))
  expect(busy.server.heard).toHaveLength(2)
})

test('a refusal names verb, resource, namespace and the rule that would allow it', async () => {
  const { cluster } = await aCluster(() =>
    status(403, 'pods "x" is forbidden: User "jo" cannot get resource "pods/log" in API group "" in the namespace "shop"', 'Forbidden'),
  )
  const error = await failure(cluster.logs({ namespace: 'shop', pod: 'x', container: 'c' }, soon()))
  expect(error).toBeInstanceOf(DeniedError)
  expect(error.exitCode).toBe(4)
  expect(error.message).toBe('jo may not get pods/log "x" in namespace shop')
  expect(error.next).toBe(
    'this rule, in a Role in namespace shop bound to jo, would allow it:\n- apiGroups: [""]\n  resources: ["pods/log"]\n  verbs: ["get"]',
  )
  const nodes = await failure(cluster.list('nodes', {}, soon()))
  expect(nodes.next).toContain('ClusterRole')
  const statefulsets = await failure(cluster.list('statefulsets', { namespace: 'shop' }, soon()))
  expect(statefulsets.next).toContain('- apiGroups: ["apps"]\n  resources: ["statefulsets"]\n  verbs: ["list"]')
})

test('old credentials are made anew once, then it is said that they are not accepted', async () => {
  const { server, cluster } = await aCluster(() => status(401, 'Unauthorized'))
  const error = await failure(cluster.list('pods', {}, soon()))
  expect(error).toBeInstanceOf(DeniedError)
  expect(error.message).toContain('does not accept the credentials of jo')
  expect(server.heard).toHaveLength(2)
})

test('quota, Pod Security and webhooks are refusals of the request, not of the person', async () => {
  for (const message of [
    'pods "x" is forbidden: exceeded quota: q, requested: pods=1',
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
  ]) {
    const { cluster } = await aCluster(() => status(403, message, 'Forbidden'))
    const error = await failure(cluster.create('pods', 'shop', {}, { dryRun: true, fieldManager: 'f' }, soon()))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).toBe(message)
  }
  const hook = await aCluster(() =>
    status(500, 'Internal error occurred: failed calling webhook "w.example.com": connection refused', 'InternalError'),
  )
  expect(await failure(hook.cluster.create('pods', 'shop', {}, { dryRun: true, fieldManager: 'f' }, soon()))).toBeInstanceOf(RefusedError)
})

test('an object that moved under a plan is told apart', async () => {
  const write = (code: number, message: string, reason: string) =>
    aCluster(() => status(code, message, reason)).then(({ cluster }) =>
      failure(
        cluster.patch(
          { resource: 'deployments', namespace: 'shop', name: 'till' },
          'json',
          [],
          { dryRun: false, fieldManager: 'f' },
          soon(),
        ),
      ),
    )
  expect(await write(409, 'the object has been modified', 'Conflict')).toBeInstanceOf(MovedError)
  expect(await write(422, 'the server rejected our request due to an error in our request', 'Invalid')).toBeInstanceOf(MovedError)
  const invalid = await write(422, 'Deployment.apps "till" is invalid: spec.replicas: Invalid value: -1', 'Invalid')
  expect(invalid).toBeInstanceOf(RefusedError)
})

test('what is not there is absent', async () => {
  const { cluster } = await aCluster(() => status(404, 'deployments.apps "till" not found', 'NotFound'))
  const error = await failure(cluster.get('deployments', { namespace: 'shop', name: 'till' }, soon()))
  expect(error).toBeInstanceOf(AbsentError)
  expect(error.message).toBe('deployments.apps "till" not found')
})

test('a login page in place of the API server is recognised, whatever its status', async () => {
  for (const code of [200, 403, 404]) {
    const { cluster } = await aCluster(() => ({ status: code, type: 'text/html', body: '<html>Log in</html>' }))
    const error = await failure(cluster.list('pods', { namespace: 'shop' }, soon()))
    expect(error.message).not.toContain('<html>')
    if (code !== 404) expect(error.message).toContain('not as a Kubernetes API server does')
  }
})

test('a frozen API server costs the deadline and no more; Ctrl-C costs nothing', async () => {
  const { cluster } = await aCluster(() => 'never')
  const late = await failure(cluster.list('pods', {}, AbortSignal.timeout(50)))
  expect(late).toBeInstanceOf(UnreachableError)
  expect(late.message).toContain('did not answer within the deadline')
  const stopped = new AbortController()
  const waiting = failure(cluster.list('pods', {}, stopped.signal))
  stopped.abort()
  expect(await waiting).toBeInstanceOf(InterruptedError)
})

test('nobody listening and nobody resolving say what to check', async () => {
  const refused = await failure(clusterAt('http://127.0.0.1:1').list('pods', {}, soon()))
  expect(refused).toBeInstanceOf(UnreachableError)
  expect(refused.message).toContain('refused the connection')
  expect(refused.next).toContain('VPN')
})

test('the proxy hands on whatever a pod answers, and tells it from what the API server says', async () => {
  const { server, cluster } = await aCluster(({ path }) => {
    if (path.includes('gone')) return status(503, 'no endpoints available for service "gone"', 'ServiceUnavailable')
    return { status: 503, body: '{"database":"down"}', type: 'application/json' }
  })
  const answer = await cluster.proxy({ namespace: 'shop', kind: 'pods', name: 'till-1', port: 8080, path: '/ready' }, soon())
  expect(answer).toMatchObject({ status: 503, body: '{"database":"down"}' })
  expect(server.heard).toHaveLength(1)
  await cluster.proxy(
    { namespace: 'shop', kind: 'services', name: 'till', port: 'web', path: 'x?y=1', scheme: 'https', form: 'a=b' },
    soon(),
  )
  expect(server.heard[1]).toMatchObject({ method: 'POST', path: '/api/v1/namespaces/shop/services/https:till:web/proxy/x', body: 'a=b' })
  const gone = await failure(cluster.proxy({ namespace: 'shop', kind: 'services', name: 'gone', port: 80, path: '/' }, soon()))
  expect(gone.message).toContain('no endpoints available')
})

test('an answer without end is cut at its limit', async () => {
  const { cluster } = await aCluster(() => ({ body: 'x'.repeat(100_000) }))
  const answer = await cluster.proxy({ namespace: 'shop', kind: 'pods', name: 'p', port: 1, path: '/', limitBytes: 1000 }, soon())
  expect(answer.body).toHaveLength(1000)
})

test('permissions are asked all at once and answered in order', async () => {
  const { cluster } = await aCluster(({ body }) => ({
    body: { status: { allowed: JSON.parse(body).spec.resourceAttributes.verb === 'get' } },
  }))
  const check = (verb: string) => ({ verb, group: '', resource: 'pods', namespace: 'shop' })
  expect(await cluster.can([check('get'), check('delete'), check('get')], soon())).toEqual([true, false, true])
})

test('writes carry their manager, dry run and preconditions', async () => {
  const { server, cluster } = await aCluster(() => ({ body: item('p') }))
  await cluster.patch(
    { resource: 'deployments', namespace: 'shop', name: 'till' },
    'strategic',
    { spec: {} },
    { dryRun: true, fieldManager: 'task-mcp', subresource: 'scale' },
    soon(),
  )
  await cluster.remove({ resource: 'pods', namespace: 'shop', name: 'p' }, { dryRun: false, fieldManager: 'task-mcp', uid: 'u1' }, soon())
  expect(server.heard[0]).toMatchObject({
    method: 'PATCH',
    path: '/apis/apps/v1/namespaces/shop/deployments/till/scale',
    body: '{"spec":{}}',
  })
  expect(server.heard[0]!.headers['content-type']).toBe('application/strategic-merge-patch+json')
  expect(Object.fromEntries(server.heard[0]!.query)).toEqual({ dryRun: 'All', fieldManager: 'task-mcp' })
  expect(JSON.parse(server.heard[1]!.body).preconditions).toEqual({ uid: 'u1' })
})

test('no credential appears in an error', async () => {
  const { cluster } = await aCluster(() => 'cut')
  const error = await failure(cluster.list('pods', {}, soon()))
  expect(`${error.message} ${error.next} ${error.stack} ${JSON.stringify(error)}`).not.toContain('t0k')
})

test('a JSON patch is written as Go writes JSON, because its tests compare bytes', async () => {
  const { server, cluster } = await aCluster(() => ({ body: item('till') }))
  const value = 'a => b && <c>'
  await cluster.patch(
    { resource: 'deployments', namespace: 'shop', name: 'till' },
    'json',
    [{ op: 'test', path: '/x', value }],
    { dryRun: true, fieldManager: 'f' },
    soon(),
  )
  expect(server.heard[0]!.body).toContain('a =\\u003e b \\u0026\\u0026 \\u003cc\\u003e')
  expect(JSON.parse(server.heard[0]!.body)[0].value).toBe(value)
})
