import { expect, test } from 'vitest'
import { keepsValue } from '../../src/facts/redact.ts'

test('an address is kept whatever its port, for it says what the service needs', () => {
  for (const value of ['orders:5432', 'redis://cache.shop:6379/0', 'https://rates.example:8443/v1', 'orders.shop.svc.cluster.local:5432'])
    expect([value, keepsValue('UPSTREAM', value)]).toEqual([value, true])
})

test('what may be a credential is not kept', () => {
  const secrets = [
    ['UPSTREAM', 'postgres://shop:hunter2@orders:5432/shop'],
    ['UPSTREAM', 'k7x9q2m4t8'],
    ['BASIC', 'admin:12345'],
    ['DB_PASSWORD', 'orders:5432'],
  ] as const
  for (const [name, value] of secrets) expect([name, value, keepsValue(name, value)]).toEqual([name, value, false])
})
