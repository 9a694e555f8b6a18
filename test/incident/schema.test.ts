/** What the incident commands print for programs is what their schemas promise. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { files } from '../../src/world.ts'
import { aShop } from '../actions/shop.ts'
import { cli } from '../support/world.ts'

const valid = (name: string) =>
  new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8')))

test('every answer of a whole incident, as it goes', async () => {
  const shop = aShop()
  const type = cli(shop.world)
  const by = (name: string) => {
    const check = valid(name)
    return async (...words: string[]) => {
      const { code, out, err } = await type('incident', ...words, '--json')
      expect([words, code, err.includes('Error')]).toEqual([words, 0, false])
      check(JSON.parse(out))
      expect([words, check.errors ?? []]).toEqual([words, []])
    }
  }
  const incident = by('incident')
  shop.release((deployment) => {
    deployment.spec.replicas = 0
  })
  await type('diagnose')
  await incident('start', '--from-diagnosis')
  await incident('note', 'seen', '--mark', 'did-not-help', '--fact', 'several_systems_affected')
  await incident('assign', 'kim')
  await incident('severity', 'sev2', '--why', 'less than it seemed')
  await incident('status')
  await type('fix', '--yes')
  await type('diagnose')
  await incident('show')
  await incident('timeline')
  await incident('resolve', 'over')
  const added = await type('incident', 'postmortem', '--add', 'an alert', '--owner', 'kim', '--json')
  const check = valid('incident')
  expect([added.code, check(JSON.parse(added.out)), check.errors]).toEqual([5, true, null])
  await incident('sync')
  await by('incident-report')('report')
  await by('incident-postmortem')('postmortem')
  const { out } = await type('incident', 'list', '--json')
  expect(JSON.parse(out).map((one: unknown) => check(one))).toEqual([true])
})

test('the score of a drill', async () => {
  const type = cli({ ...aShop().world, files })
  const { out } = await type('incident', 'drill', 'silent-service', '--answer', 'hint', '--json')
  const check = valid('incident-drill')
  expect([check(JSON.parse(out)), check.errors]).toEqual([true, null])
})
