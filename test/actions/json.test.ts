import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { aServerShop } from './server-shop.ts'
import { aShop, template } from './shop.ts'

const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
ajv.addFormat('date-time', (text: string) => !Number.isNaN(Date.parse(text)))
const schemaOf = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8')))
const [receipt, walk, blocked] = ['receipt', 'walk', 'block-list'].map(schemaOf)

function fits(valid: typeof receipt, text: string): void {
  valid!(JSON.parse(text))
  expect(valid!.errors ?? []).toEqual([])
}

test('every outcome of an action is a receipt by its schema', async () => {
  const shop = aServerShop()
  const outcomes = new Set<string>()
  for (const line of [
    ['restart', '--dry-run'],
    ['restart', '--yes'],
    ['scale', '--replicas', '5'],
    ['scale', '--replicas', '3', '--yes'],
    ['limit', 'rate-limit', '50', '--yes'],
    ['limit', 'max-streams', '20', '--yes', '--wait', '1s'],
    ['limit', 'max-in-flight', '0', '--yes'],
    ['block', 'add', '203.0.113.9', '--for', '1h', '--yes'],
    ['undo', '--yes'],
  ]) {
    const { out } = await shop.run(...line, '--json')
    fits(receipt, out)
    outcomes.add(JSON.parse(out).outcome)
  }
  expect([...outcomes].sort()).toEqual(['already', 'applied', 'blocked', 'declined', 'dry-run', 'failed'])
  fits(blocked, (await shop.run('block', 'list', '--json')).out)
  shop.release((deployment) => {
    deployment.spec.template = template('shop/checkout:2-broken')
  })
  fits(receipt, (await shop.run('rollback', '--yes', '--json')).out)
})

test('a walk is a walk by its schema, and what nobody described is refused', async () => {
  const shop = aShop()
  shop.release((deployment) => {
    deployment.spec.replicas = 0
  })
  const { out } = await shop.run('runbook', 'run', 'service-downtime', '--yes-to', 'scale', '--json')
  fits(walk, out)
  expect(walk!({ ...JSON.parse(out), mood: 'fine' })).toBe(false)
})
