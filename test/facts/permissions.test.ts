import { expect, test } from 'vitest'
import { resources } from '../../src/facts/kubernetes/resources.ts'
import { permissionsFor, rulesFor } from '../../src/facts/permissions.ts'

test('every kind of object that a diagnosis reads is asked about', () => {
  const neverListed = ['controllerrevisions', 'clusterroles', 'clusterrolebindings']
  const asked = new Set(
    permissionsFor({ service: 'shop' }).flatMap((group) => group.checks.map((check) => `${check.group}/${check.resource}`)),
  )
  for (const place of Object.values(resources))
    if (!neverListed.includes(place.plural)) expect(asked).toContain(`${place.group}/${place.plural}`)
})

test('sources that are reached through the API server need its proxy in their namespace', () => {
  const group = permissionsFor({ service: 'shop', sources: ['monitoring'] }).find((one) => one.name.includes('Prometheus'))
  expect(group?.checks.map((check) => [check.verb, check.subresource, check.namespace])).toEqual([
    ['get', 'proxy', 'monitoring'],
    ['create', 'proxy', 'monitoring'],
  ])
  expect(permissionsFor({ service: 'shop' }).some((one) => one.name.includes('Prometheus'))).toBe(false)
})

test('missing permissions become as few rules as say them', () => {
  const rules = rulesFor([
    { verb: 'list', group: '', resource: 'pods', namespace: 'shop' },
    { verb: 'list', group: '', resource: 'events', namespace: 'shop' },
    { verb: 'list', group: 'apps', resource: 'deployments', namespace: 'shop' },
    { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' },
    { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace: 'shop' },
  ])
  expect(rules).toBe(
    [
      '- apiGroups: [""]\n  resources: [pods, events]\n  verbs: [get, list]',
      '- apiGroups: ["apps"]\n  resources: [deployments]\n  verbs: [get, list, patch]',
      '- apiGroups: [""]\n  resources: [pods/log]\n  verbs: [get]',
    ].join('\n'),
  )
})
