import { expect, test } from 'vitest'
import { aShop, namespace, ownPart } from './shop.ts'

test('restart marks the template, says what users notice, and is refused where there is nothing to restart', async () => {
  const shop = aShop()
  const pods = () => shop.cluster.all('pods').filter((pod) => pod.metadata.labels?.app === 'checkout')
  const before = new Set(pods().map((pod) => pod.metadata.uid))
  const done = await shop.run('restart', '--yes')
  expect(done.code).toBe(0)
  expect(done.err).toMatch(/users nothing, if pods end their requests/)
  expect(pods().some((pod) => before.has(pod.metadata.uid))).toBe(false)
  shop.release((deployment) => {
    deployment.spec.replicas = 0
  })
  const nothing = await shop.run('restart', '--yes')
  expect(nothing.code).toBe(7)
  expect(nothing.out).toContain('there is no pod to restart')
})

test('restart waits for an old pod that still ends its streams, and does not fail when that takes longer than the wait', async () => {
  const shop = aShop()
  const since = shop.cluster.now
  const ending = { name: 'checkout-old', namespace, labels: { app: 'checkout' }, deletionTimestamp: new Date(since).toISOString() }
  shop.cluster.put('pods', { metadata: ending, spec: { containers: [{ name: 'web' }] } })
  const late = await shop.run('restart', '--yes', '--wait', '20s', '--observe', '0s')
  expect([late.code, late.out]).toEqual([0, expect.stringContaining('1 old pod still ends its requests and streams')])
  const again = shop.cluster.now
  const { sleep } = shop.cluster.clock
  shop.world.clock = {
    ...shop.cluster.clock,
    sleep: async (milliseconds, signal) => {
      await sleep(milliseconds, signal)
      if (shop.cluster.now - again > 40_000)
        shop.cluster
          .remove({ resource: 'pods', namespace, name: 'checkout-old' }, { dryRun: false, fieldManager: 'kubelet' }, signal)
          .catch(() => {})
    },
  }
  const done = await shop.run('restart', '--yes', '--observe', '0s')
  expect([done.code, done.out]).toEqual([0, expect.not.stringContaining('old pod')])
  expect(shop.cluster.now - again).toBeGreaterThan(40_000)
})

test('restart stops before a quota, Pod Security or a webhook would leave the service without pods', async () => {
  const shop = aShop()
  shop.cluster.refusesPod = () => 'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
  const stopped = await shop.run('restart', '--yes')
  expect(stopped.code).toBe(3)
  expect(stopped.out).toMatch(/stopped: not so that the API server would admit a new pod: .*violates PodSecurity/)
  expect(shop.cluster.writes.filter((write) => !write.dryRun)).toEqual([])
  expect((await shop.run('restart', '--yes', '--despite', 'gate', '--wait', '0s')).code).toBe(0)
})

test('restart stops when a key that the pods need is gone, or no node has room', async () => {
  const shop = aShop()
  shop.cluster.put('configmaps', { metadata: { name: 'checkout', namespace }, data: { other: 'x' } })
  expect((await shop.run('restart', '--yes')).out).toMatch(/ConfigMap checkout has no key greeting/)
  const full = aShop()
  for (const node of full.cluster.all('nodes')) node.status!.allocatable = { cpu: '310m', memory: '4Gi', pods: '110' }
  for (const [index, pod] of full.cluster.all('pods').entries()) {
    pod.spec.nodeName = `node-${(index % 2) + 1}`
    pod.spec.containers[0]!.resources = { requests: { cpu: '150m' } }
  }
  const stopped = await full.run('restart', '--yes')
  expect(stopped.code).toBe(3)
  expect(stopped.out).toMatch(/cpu: 100m wanted/)
})

test('a Secret that was applied with stringData has its keys', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    const container = deployment.spec.template.spec.containers[0]!
    container.env = [...(container.env ?? []), { name: 'KEY', valueFrom: { secretKeyRef: { name: 'checkout', key: 'url' } } }]
  })
  const managed = (key: string) => [{ manager: 'kubectl', operation: 'Apply' as const, fieldsV1: { 'f:stringData': { [`f:${key}`]: {} } } }]
  shop.cluster.put('secrets', { metadata: { name: 'checkout', namespace, managedFields: managed('url') } })
  expect((await shop.run('restart', '--yes')).code).toBe(0)
  shop.cluster.put('secrets', { metadata: { name: 'checkout', namespace, managedFields: managed('other') } })
  expect((await shop.run('restart', '--yes')).out).toContain('Secret checkout has no key url')
})

test('what may not be asked is unknown, not a refusal', async () => {
  const shop = aShop()
  for (const right of ['create pods', 'list nodes', 'create events']) shop.cluster.denied.add(right)
  const done = await shop.run('restart', '--yes')
  expect(done.err).toMatch(/\?\? the API server would admit a new pod/)
  expect(done.err).toContain('no event was posted on deployment/checkout')
  expect(done.code).toBe(0)
})

test('a denied patch names the rule and changes nothing', async () => {
  const shop = aShop()
  shop.cluster.denied.add('patch deployments')
  const denied = await shop.run('restart', '--yes')
  expect(denied.code).toBe(4)
  expect(denied.err).toContain('a Role rule for patch deployments would allow it')
})

test('scale from 0 goes back to the count that the scaling event tells', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.replicas = 0
  })
  const zero = ownPart(shop.deployment())
  shop.cluster.put('events', {
    metadata: { name: 'e1', namespace },
    involvedObject: { kind: 'Deployment', name: 'checkout' },
    reason: 'ScalingReplicaSet',
    message: 'Scaled down replica set checkout-h18 from 3 to 0',
    lastTimestamp: '2026-03-01T11:59:00Z',
  })
  const done = await shop.run('scale', '--yes')
  expect(done.err).toContain('scale deployment/checkout from 0 to 3')
  expect(done.code).toBe(0)
  await shop.run('undo', '--yes')
  expect(ownPart(shop.deployment())).toBe(zero)
})

test('the earlier count comes from what else tells it: the record, the autoscaler, what was applied, else 1', async () => {
  const recorded = aShop()
  expect((await recorded.run('scale', '--replicas', '0', '--yes')).code).toBe(0)
  expect((await recorded.run('scale', '--yes')).err).toContain('from 0 to 3')

  const scaled = aShop()
  scaled.cluster.put('horizontalpodautoscalers', {
    metadata: { name: 'checkout', namespace },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'checkout' }, minReplicas: 2, maxReplicas: 4 },
  })
  scaled.release((deployment) => {
    deployment.spec.replicas = 0
  })
  expect((await scaled.run('scale', '--yes')).err).toContain('from 0 to 2')

  const applied = aShop()
  applied.release((deployment) => {
    deployment.spec.replicas = 0
    deployment.metadata.annotations = {
      ...deployment.metadata.annotations,
      'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"replicas":5}}',
    }
  })
  expect((await applied.run('scale', '--yes')).err).toContain('from 0 to 5')

  const unknown = aShop()
  unknown.release((deployment) => {
    deployment.spec.replicas = 0
  })
  const one = await unknown.run('scale', '--yes')
  expect(one.err).toMatch(/1 replicas \(from nothing tells the earlier count\)/)
})

test('a dependency is scaled by its name; a running workload needs a number; the same number is already so', async () => {
  const shop = aShop()
  expect((await shop.run('scale', 'deployment/orders-db', '--replicas', '2', '--yes')).code).toBe(0)
  expect(shop.cluster.one('deployments', namespace, 'orders-db').spec.replicas).toBe(2)
  expect((await shop.run('scale', '--yes')).err).toContain('say how many')
  expect((await shop.run('scale', '--replicas', '3', '--yes')).out).toContain('already has 3 replicas')
  expect((await shop.run('scale', 'deployment/nope', '--replicas', '3', '--yes')).err).toContain('there are checkout, orders-db')
  expect((await shop.run('scale', 'pod/nope', '--replicas', '3', '--yes')).code).toBe(2)
})

test('under an autoscaler its bounds are changed, not the number that it would set back', async () => {
  const shop = aShop()
  shop.cluster.put('horizontalpodautoscalers', {
    metadata: { name: 'checkout', namespace },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'checkout' }, minReplicas: 2, maxReplicas: 4 },
  })
  const hpa = () => shop.cluster.one('horizontalpodautoscalers', namespace, 'checkout')
  const before = ownPart(hpa())
  await shop.run('scale', '--replicas', '6', '--yes', '--wait', '0s')
  expect(hpa().spec).toMatchObject({ minReplicas: 6, maxReplicas: 6 })
  expect(shop.deployment().spec.replicas).toBe(3)
  await shop.run('undo', '--yes')
  expect(ownPart(hpa())).toBe(before)
})

test('a Service goes back to the labels and the port of the pods, and back again', async () => {
  const shop = aShop()
  const service = () => shop.cluster.one('services', namespace, 'checkout')
  shop.cluster.put('services', {
    metadata: { name: 'checkout', namespace },
    spec: { selector: { app: 'checkout-v2', tier: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 9999 }] },
  })
  shop.cluster.settle()
  const before = ownPart(service())
  const done = await shop.run('service', '--yes')
  expect(done.code).toBe(0)
  expect(service().spec).toMatchObject({ selector: { app: 'checkout' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] })
  expect((await shop.run('service', '--yes')).out).toContain('already selects')
  await shop.run('undo', '--yes')
  expect(ownPart(service())).toBe(before)
})

test('a Service gets back the port on which callers ask, and leaves the port of a sidecar for the one it was applied with', async () => {
  const shop = aShop()
  const service = () => shop.cluster.one('services', namespace, 'checkout').spec.ports
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }]
  const applied = JSON.stringify({ spec: { selector: { app: 'checkout' }, ports } })
  shop.release((deployment) => {
    deployment.spec.template.spec.containers.push({ name: 'exporter', ports: [{ name: 'figures', containerPort: 9100 }] })
  })
  shop.cluster.put('services', {
    metadata: { name: 'checkout', namespace, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': applied } },
    spec: { selector: { app: 'checkout' }, ports: [{ name: 'http', port: 80, targetPort: 'figures' }] },
  })
  shop.cluster.settle()
  expect((await shop.run('service', '--yes')).code).toBe(0)
  expect(service()).toMatchObject(ports)
  shop.cluster.one('services', namespace, 'checkout').spec.ports = [{ name: 'http', port: 8443, targetPort: 'http' }]
  expect((await shop.run('service', '--yes')).out).toContain('already selects')
  expect((await shop.run('service', '--asked-port', '80', '--yes')).code).toBe(0)
  expect(service()).toMatchObject(ports)
})

test('a Service that also picks foreign pods is narrowed; a port that probes alone prove is used', async () => {
  const shop = aShop()
  shop.cluster.put('pods', {
    metadata: { name: 'stray', namespace, labels: { team: 'a', app: 'stray' } },
    spec: { containers: [{ name: 'x' }] },
  })
  shop.release((deployment) => {
    deployment.spec.template.metadata!.labels = { app: 'checkout', team: 'a' }
    const container = deployment.spec.template.spec.containers[0]!
    delete container.ports
    container.readinessProbe = { httpGet: { path: '/ready', port: 7070 } }
  })
  shop.cluster.put('services', {
    metadata: { name: 'checkout', namespace },
    spec: { selector: { team: 'a' }, ports: [{ port: 80, targetPort: 8081 }] },
  })
  shop.cluster.settle()
  expect((await shop.run('service', '--yes')).code).toBe(0)
  expect(shop.cluster.one('services', namespace, 'checkout').spec).toMatchObject({
    selector: { team: 'a', app: 'checkout' },
    ports: [{ targetPort: 7070 }],
  })
})

test('a Service that stays on its node is let off it only when asked', async () => {
  const shop = aShop()
  const spec = { selector: { app: 'checkout' }, ports: [{ port: 80, targetPort: 'http' }], internalTrafficPolicy: 'Local' }
  shop.cluster.put('services', { metadata: { name: 'checkout', namespace }, spec })
  shop.cluster.settle()
  expect((await shop.run('service', '--yes')).out).toContain('already selects')
  expect((await shop.run('service', '--every-node', '--yes')).code).toBe(0)
  expect(shop.cluster.one('services', namespace, 'checkout').spec.internalTrafficPolicy).toBe('Cluster')
})

test('an autoscaler that has not acted yet is waited for', async () => {
  const shop = aShop()
  shop.cluster.put('horizontalpodautoscalers', {
    metadata: { name: 'c', namespace },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'checkout' }, minReplicas: 1, maxReplicas: 9 },
  })
  const idle = await shop.run('scale', '--replicas', '5', '--yes', '--wait', '20s')
  expect(idle.code).toBe(6)
  expect(idle.out).toContain('the autoscaler has not asked for 5 yet')
})

test('an autoscaler at its maximum is given room, and no minimum', async () => {
  const shop = aShop()
  shop.cluster.put('horizontalpodautoscalers', {
    metadata: { name: 'c', namespace },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'checkout' }, minReplicas: 1, maxReplicas: 3 },
  })
  await shop.run('scale', '--replicas', '5', '--yes', '--wait', '0s')
  expect(shop.cluster.one('horizontalpodautoscalers', namespace, 'c').spec).toMatchObject({ minReplicas: 1, maxReplicas: 5 })
})

test('a policy that cuts callers off is widened by the service port for the namespace, and nothing else', async () => {
  const shop = aShop()
  const rule = { from: [{ podSelector: { matchLabels: { role: 'edge' } } }] }
  shop.cluster.put('networkpolicies', {
    metadata: { name: 'tight', namespace },
    spec: { podSelector: { matchLabels: { app: 'checkout' } }, policyTypes: ['Ingress'], ingress: [rule] },
  })
  const before = ownPart(shop.cluster.one('networkpolicies', namespace, 'tight'))
  const done = await shop.run('policy', '--yes')
  expect(done.code).toBe(0)
  expect(shop.cluster.one('networkpolicies', namespace, 'tight').spec.ingress).toEqual([
    rule,
    { from: [{ podSelector: {} }], ports: [{ port: 8080, protocol: 'TCP' }] },
  ])
  expect((await shop.run('policy', '--yes')).out).toContain('let ingress, dns, dependencies through')
  await shop.run('undo', '--yes')
  expect(ownPart(shop.cluster.one('networkpolicies', namespace, 'tight'))).toBe(before)
})

test('a policy that cuts DNS and a dependency is widened by both', async () => {
  const shop = aShop()
  shop.cluster.put('services', {
    metadata: { name: 'kube-dns', namespace: 'kube-system' },
    spec: { selector: { 'k8s-app': 'kube-dns' }, ports: [{ port: 53, protocol: 'UDP', targetPort: 53 }] },
  })
  shop.cluster.put('networkpolicies', {
    metadata: { name: 'out', namespace },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress: [] },
  })
  await shop.run('policy', 'out', '--yes')
  expect(shop.cluster.one('networkpolicies', namespace, 'out').spec.egress).toEqual([
    {
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ],
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    },
    { to: [{ podSelector: { matchLabels: { app: 'orders-db' } } }], ports: [{ port: 5432, protocol: 'TCP' }] },
  ])
})

test('DNS is let through on the port of its pods, where that is not 53', async () => {
  const shop = aShop()
  shop.cluster.put('endpointslices', {
    metadata: { name: 'kube-dns-1', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    ports: [
      { name: 'dns', port: 8053, protocol: 'UDP' },
      { name: 'dns-tcp', port: 8053, protocol: 'TCP' },
    ],
  })
  const rule = { to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] }
  shop.cluster.put('networkpolicies', {
    metadata: { name: 'out', namespace },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress: [rule] },
  })
  await shop.run('policy', '--allow', 'dns', '--yes')
  expect(shop.cluster.one('networkpolicies', namespace, 'out').spec.egress?.[1]?.ports?.map((port) => port.port)).toEqual([
    53, 53, 8053, 8053,
  ])
})

test('resources raises the limit to what an earlier revision had, else to twice; a request above its limit is refused', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.template.spec.containers[0]!.resources = { requests: { memory: '8Mi' }, limits: { memory: '10Mi' } }
  })
  const before = ownPart(shop.deployment())
  const done = await shop.run('resources', '--raise', 'memory', '--yes')
  expect(done.err).toContain('limits.memory 10Mi')
  expect(done.code).toBe(0)
  expect(shop.deployment().spec.template.spec.containers[0]!.resources).toEqual({
    requests: { memory: '8Mi' },
    limits: { memory: '128Mi' },
  })
  await shop.run('undo', '--yes', '--wait', '0s')
  expect(ownPart(shop.deployment())).toBe(before)
  expect((await shop.run('resources', '--memory-request', '1Gi', '--yes')).err).toContain(
    'would request 1Gi of memory with a limit of 10Mi',
  )
  expect((await shop.run('resources', '--memory-limit', 'lots', '--yes')).code).toBe(2)
  expect((await shop.run('resources', '--yes')).err).toContain('nothing was said to change')
  expect((await shop.run('resources', '--raise', 'cpu', '--yes')).err).toContain('has no cpu limit to raise')
  expect((await shop.run('resources', '--raise', 'ephemeral-storage', '--yes')).err).toContain(
    'say which: task-mcp resources --storage-limit',
  )
  await shop.run('resources', '--storage-limit', '256Mi', '--yes')
  await shop.run('resources', '--raise', 'ephemeral-storage', '--yes')
  expect(shop.deployment().spec.template.spec.containers[0]!.resources?.limits?.['ephemeral-storage']).toBe('512Mi')
  expect((await shop.run('resources', '--cpu-request', '64', '--cpu-limit', '64', '--yes')).out).toMatch(/cpu: 64000m wanted/)
})

test('an edited ConfigMap goes back to what was applied, and the pods that read it restart', async () => {
  const shop = aShop()
  shop.cluster.put('configmaps', {
    metadata: {
      name: 'checkout',
      namespace,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"greeting":"hello"}}' },
    },
    data: { greeting: 'hullo', extra: '1' },
  })
  const before = ownPart(shop.cluster.one('configmaps', namespace, 'checkout'))
  const done = await shop.run('config-restore', 'configmap/checkout', '--yes')
  expect(done.code).toBe(0)
  expect(shop.cluster.one('configmaps', namespace, 'checkout').data).toEqual({ greeting: 'hello' })
  expect(shop.deployment().spec.template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt']).toBeDefined()
  expect((await shop.run('config-restore', 'configmap/checkout', '--yes')).out).toContain('is as in what was last applied')
  await shop.run('undo', '--yes')
  expect(ownPart(shop.cluster.one('configmaps', namespace, 'checkout'))).toBe(before)
  expect((await shop.run('config-restore', 'secret/checkout', '--yes')).err).toContain('values of Secrets are never read')
})

test('a key that is gone is put back: pods that cannot start without it yet are no reason to stop', async () => {
  const shop = aShop()
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { greeting: 'hello' } }) }
  shop.cluster.put('configmaps', { metadata: { name: 'checkout', namespace, annotations: applied }, data: { welcome: 'hello' } })
  const done = await shop.run('config-restore', 'configmap/checkout', '--yes')
  expect([done.code, done.err]).toEqual([0, expect.stringContaining('ConfigMaps, Secrets, their keys and volumes are there')])
  expect(shop.cluster.one('configmaps', namespace, 'checkout').data).toEqual({ greeting: 'hello' })
})

test('a bad pod is captured, then deleted; another takes its place, and that cannot be undone', async () => {
  const shop = aShop()
  const pod = shop.cluster.all('pods').find((one) => one.metadata.labels?.app === 'checkout')!
  const done = await shop.run('pod', pod.metadata.name, '--yes')
  expect(done.code).toBe(0)
  const file = /what it knows is kept in (\S+)/.exec(done.err)![1]!
  expect(shop.world.disk.get(file)).toContain(`web of ${pod.metadata.name} says hello`)
  expect(shop.world.disk.get(file)).not.toContain('CANARY')
  expect(shop.cluster.all('pods').some((one) => one.metadata.uid === pod.metadata.uid)).toBe(false)
  expect((await shop.run('undo', '--yes')).err).toContain('cannot be undone')
})

test('an isolated pod keeps running without the labels that bind it; undo gives them back', async () => {
  const shop = aShop()
  const pod = shop.cluster.all('pods').find((one) => one.metadata.labels?.app === 'checkout')!
  await shop.run('pod', pod.metadata.name, '--isolate', '--yes')
  expect(shop.cluster.one('pods', namespace, pod.metadata.name).metadata.labels).not.toHaveProperty('app')
  await shop.run('undo', '--yes', '--wait', '0s')
  expect(shop.cluster.one('pods', namespace, pod.metadata.name).metadata.labels).toMatchObject({ app: 'checkout' })
})

test('a pod without an owner, or under a budget that allows none to go, is kept', async () => {
  const shop = aShop()
  expect((await shop.run('pod', 'caller', '--yes')).out).toContain('nothing would make another pod')
  shop.cluster.put('poddisruptionbudgets', {
    metadata: { name: 'keep', namespace },
    spec: { selector: { matchLabels: { app: 'checkout' } } },
    status: { disruptionsAllowed: 0 },
  })
  const pod = shop.cluster.all('pods').find((one) => one.metadata.labels?.app === 'checkout')!
  const kept = await shop.run('pod', pod.metadata.name, '--yes')
  expect(kept.code).toBe(3)
  expect(kept.out).toContain('poddisruptionbudget/keep')
})

test('others see what was done: an event on the object and the change cause', async () => {
  const shop = aShop()
  await shop.run('restart', '--yes', '--why', 'stale credentials')
  const event = shop.cluster.all('events')[0]!
  expect(event).toMatchObject({ reason: 'Restart', involvedObject: { kind: 'Deployment', name: 'checkout' } })
  expect(event.message).toMatch(/task-mcp restart: restart deployment\/checkout \(change [0-9a-f]{8}\) by jo as jo/)
  expect(shop.cluster.writes.every((write) => write.fieldManager === 'task-mcp')).toBe(true)
})

test('whoever would put it back is named before', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.metadata.annotations = { ...deployment.metadata.annotations, 'argocd.argoproj.io/tracking-id': 'x' }
  })
  expect((await shop.run('restart', '--dry-run')).err).toContain('Argo CD looks after this deployment')
})
