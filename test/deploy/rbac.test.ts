import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { permissionsFor } from '../../src/facts/permissions.ts'
import type { AccessCheck } from '../../src/targets/ports.ts'

interface Role {
  kind: string
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[]
}

function rulesOf(path: string): Role['rules'] {
  const text = readFileSync(new URL(`../../deploy/rbac/${path}`, import.meta.url), 'utf8')
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Role)
    .flatMap((object) => object.rules ?? [])
}

const nameOf = (check: AccessCheck): string =>
  `${check.verb} ${check.group}/${check.resource}${check.subresource === undefined ? '' : `/${check.subresource}`}`

function missing(checks: readonly AccessCheck[], rules: Role['rules']): string[] {
  const allowed = new Set(
    rules.flatMap((rule) =>
      rule.apiGroups.flatMap((group) => rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} ${group}/${resource}`))),
    ),
  )
  return checks.map(nameOf).filter((name) => !allowed.has(name))
}

const groups = permissionsFor({ service: 'task-mcp', sources: ['monitoring'] })
const checks = groups.flatMap((group) => (group.need === 'act' || group.need === 'inside' ? [] : group.checks))

test('the reader Role allows all that a diagnosis reads in the namespace', () => {
  const wanted = checks.filter((check) => check.namespace === 'task-mcp')
  expect(wanted.length).toBeGreaterThan(20)
  expect(missing(wanted, rulesOf('namespace/reader.yaml'))).toEqual([])
})

test('the Role in the monitoring namespace allows asking Prometheus and Alertmanager', () => {
  expect(
    missing(
      checks.filter((check) => check.namespace === 'monitoring'),
      rulesOf('monitoring/metrics-reader.yaml'),
    ),
  ).toEqual([])
})

test('the ClusterRole allows all other reads but the kubelets, on purpose', () => {
  const wanted = checks.filter((check) => check.namespace === undefined)
  expect(missing(wanted, rulesOf('cluster/cluster-reader.yaml'))).toEqual(['get /nodes/proxy'])
})

test('readers cannot write, and operators write what the actions need and no more', () => {
  for (const path of ['namespace/reader.yaml', 'cluster/cluster-reader.yaml'])
    expect(rulesOf(path).flatMap((rule) => rule.verbs)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/create|patch|update|delete|\*/)]),
    )
  const actions = groups.filter((group) => group.need === 'act').flatMap((group) => group.checks)
  const operator = rulesOf('namespace/operator.yaml')
  expect(missing(actions, operator)).toEqual([])
  const granted = operator.flatMap((rule) =>
    rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} ${rule.apiGroups[0]}/${resource}`)),
  )
  expect(granted.sort()).toEqual(actions.map(nameOf).sort())
})

test('the Role for a closer look holds what capture, port-forward and inspect need, and no more', () => {
  const wanted = groups.filter((group) => group.need === 'inside').flatMap((group) => group.checks)
  const granted = rulesOf('namespace/inside.yaml').flatMap((rule) =>
    rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} /${resource}`)),
  )
  expect(granted.sort()).toEqual(wanted.map(nameOf).sort())
})
