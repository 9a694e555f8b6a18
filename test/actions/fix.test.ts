import { expect, test } from 'vitest'
import { aShop, namespace, template } from './shop.ts'

test('a service at 0 replicas is brought back to what it had, and found healthy again', async () => {
  const shop = aShop()
  shop.cluster.now += 3_600_000
  shop.release((deployment) => {
    deployment.spec.replicas = 0
    deployment.metadata.annotations = {
      ...deployment.metadata.annotations,
      'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"replicas":3}}',
    }
  })
  const dry = await shop.run('fix', 'service-downtime', '--dry-run')
  expect(dry.err).toContain('scale deployment/checkout from 0 to 3')
  expect(dry.code).toBe(0)
  expect(shop.deployment().spec.replicas).toBe(0)
  const fixed = await shop.run('fix', 'service-downtime', '--yes')
  expect(fixed.code).toBe(0)
  expect(fixed.err).toMatch(/why scaled_to_zero: /)
  expect(fixed.out).toContain('done, checkout: 3 of 3 pods ready')
})

test('a Service that selects nothing is put back', async () => {
  const shop = aShop()
  shop.cluster.put('services', {
    metadata: { name: 'checkout', namespace },
    spec: { selector: { app: 'checkout-v2' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  })
  shop.cluster.settle()
  const fixed = await shop.run('fix', 'service-downtime', '--yes')
  expect(fixed.out).toContain('point service/checkout at the pods of deployment/checkout: done')
  expect(shop.cluster.one('services', namespace, 'checkout').spec.selector).toEqual({ app: 'checkout' })
})

test('nothing to fix, and nothing known, are not reasons to change something', async () => {
  const well = aShop()
  const nothing = await well.run('fix', '--yes')
  expect([nothing.code, nothing.out]).toEqual([0, 'nothing to fix '])
  expect(well.cluster.writes).toEqual([])
})

test('restarting by hand is refused where the diagnosis knows that it harms, and --despite goes on', async () => {
  const shop = aShop()
  shop.cluster.put('services', {
    metadata: { name: 'checkout', namespace },
    spec: { selector: { app: 'checkout-v2' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  })
  shop.cluster.settle()
  const refused = await shop.run('restart', '--yes')
  expect(refused.code).toBe(7)
  expect(refused.out).toMatch(
    /this will not help: .*the pods are well; the Service does not select them .*--despite service_selector_mismatch/,
  )
  expect(shop.cluster.writes.filter((write) => !write.dryRun)).toEqual([])
  expect((await shop.run('restart', '--yes', '--despite', 'service_selector_mismatch')).code).toBe(0)
})

test('a paused rollout is resumed', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2-broken')
  })
  shop.release((deployment) => {
    deployment.spec.paused = true
    deployment.spec.template = template('shop/checkout:3')
  })
  const fixed = await shop.run('fix', 'service-downtime', '--yes')
  expect(fixed.err).toContain('resume the rollout of deployment/checkout')
  expect(fixed.out).toContain('done, checkout: 3 of 3 pods ready')
})

test('how much a container should ask for is for a person to say', async () => {
  const shop = aShop()
  for (const image of ['shop/checkout:2', 'shop/checkout:3'])
    shop.release((deployment) => {
      deployment.spec.template = template(image)
      delete deployment.spec.template.spec.containers[0]!.resources
    })
  shop.cluster.now += 3_600_000
  shop.cluster.put('horizontalpodautoscalers', {
    metadata: { name: 'checkout', namespace },
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'checkout' },
      maxReplicas: 6,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 60 } } }],
    },
  })
  const fixed = await shop.run('fix', 'performance-degradation', '--yes')
  expect(fixed.err).toContain('the autoscaler cannot scale')
  expect(fixed.out).toMatch(/this is for a person: state the resource requests .*task-mcp resources deployment\/checkout/)
  expect(fixed.code).toBe(3)
  expect(shop.cluster.writes).toEqual([])
})
