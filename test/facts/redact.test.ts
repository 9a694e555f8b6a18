import { expect, test } from 'vitest'
import { keepsValue, redactArgument } from '../../src/facts/redact.ts'

test('an address is kept whatever its port, for it says what the service needs', () => {
  for (const value of [
    'orders:5432',
    'redis://cache.shop:6379/0',
    'https://rates.example:8443/v1',
    'orders.shop.svc.cluster.local:5432',
    'http://orders.shop-30109.svc:80/v1',
  ])
    expect([value, keepsValue('UPSTREAM', value)]).toEqual([value, true])
})

test('flags of a runtime are kept, for they say how much a program may use', () => {
  for (const value of ['--max-old-space-size=4096', '--expose-gc --max-old-space-size=64', '-Xmx2g'])
    expect([value, keepsValue('RUNTIME_OPTIONS', value)]).toEqual([value, true])
})

test('what may be a credential is not kept', () => {
  const secrets = [
    ['UPSTREAM', 'postgres://shop:hunter2@orders:5432/shop'],
    ['UPSTREAM', 'k7x9q2m4t8'],
    ['UPSTREAM', 'hunter-30109'],
    ['UPSTREAM', 'https://orders.shop/k7x9q2m4t8'],
    ['BASIC', 'admin:12345'],
    ['STARTUP', '--token=48151623'],
    ['STARTUP', '-k7x9q2m4t8'],
    ['STARTUP', '--import=/opt/hooks/k7x9q2m4.mjs'],
    ['DB_PASSWORD', 'orders:5432'],
  ] as const
  for (const [name, value] of secrets) expect([name, value, keepsValue(name, value)]).toEqual([name, value, false])
})

test('the address that a shell waits for is kept in its command', () => {
  const command = 'until (exec 3<>/dev/tcp/orders-primary/5432) 2>/dev/null; do sleep 1; done'
  expect(redactArgument(command)).toBe(command)
  expect(redactArgument('curl /dev/tcq/k7x9q2m4t8k7x9q2m4t8/1')).toContain('[redacted]')
})
