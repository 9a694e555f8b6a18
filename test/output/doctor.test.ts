import { expect, test } from 'vitest'
import { judgeDoctor } from '../../src/diagnosis/doctor.ts'
import type { DoctorFacts } from '../../src/facts/doctor.ts'
import { permissionsFor } from '../../src/facts/permissions.ts'
import type { Unseen } from '../../src/facts/snapshot.ts'
import { renderDoctor } from '../../src/output/doctor.ts'
import { plain } from '../../src/output/style.ts'

const groups = permissionsFor({ service: 'shop', sources: ['monitoring'] })

const well: DoctorFacts = {
  takenAt: '2026-03-14T03:26:40Z',
  service: { namespace: 'shop', kind: 'Deployment', workload: 'checkout' },
  identity: { state: 'ok', value: { context: 'prod-eu', server: 'https://10.0.0.1:6443', user: 'jane', namespace: undefined } },
  version: { state: 'ok', value: { gitVersion: 'v1.34.4', skewSeconds: 0.2 } },
  workload: { state: 'ok', value: { ready: 3, wanted: 3 } },
  access: { state: 'ok', value: groups.map(({ checks, ...group }) => ({ ...group, checks: checks.length, missing: [] })) },
  prometheus: {
    state: 'ok',
    value: {
      where: 'monitoring/prometheus through the API server',
      targets: [{ labels: { pod: 'checkout-1' }, health: 'up', lastError: '', lastScrape: '' }],
    },
  },
  alertmanager: { state: 'ok', value: { where: 'monitoring/alertmanager through the API server', firing: 1 } },
  usage: { state: 'ok', value: 7 },
  oldestEvent: { state: 'ok', value: '2026-03-14T02:40:00Z' },
}

const without = (name: string): DoctorFacts['access'] => ({
  state: 'ok',
  value: groups.map(({ checks, ...group }) => ({ ...group, checks: checks.length, missing: group.name === name ? checks : [] })),
})

const gone: Unseen = {
  state: 'unreachable',
  reason: 'https://10.0.0.1:6443 did not answer within the deadline',
  next: 'look at the server itself',
}
const line = (facts: DoctorFacts, what: string) => judgeDoctor(facts).lines.find((one) => one.what === what)
const text = (facts: DoctorFacts) => renderDoctor(judgeDoctor(facts), { columns: 80, style: plain, verbose: false })
const golden = (name: string) => new URL(`../golden/doctor/${name}.txt`, import.meta.url).pathname

test('all is there', async () => {
  expect(judgeDoctor(well).works).toBe('yes')
  await expect(text(well)).toMatchFileSnapshot(golden('well'))
})

test('a permission that a diagnosis needs: denied, with the rule for the Role', async () => {
  const facts = { ...well, access: without('workload') }
  expect(judgeDoctor(facts).works).toBe('denied')
  expect(line(facts, 'workload')?.state).toBe('ok')
  await expect(text(facts)).toMatchFileSnapshot(golden('denied'))
})

test.each(['secrets', 'nodes', 'actions', 'logs'])('without the permissions of %s it works, with less', (name) => {
  const facts = { ...well, access: without(name) }
  expect(judgeDoctor(facts).works).toBe('yes')
  expect(line(facts, name)).toMatchObject({ state: 'limited', fix: expect.stringContaining('apiGroups') })
})

test('cluster-wide permissions are asked for in a ClusterRole', () => {
  expect(line({ ...well, access: without('cluster') }, 'cluster')?.fix).toContain('# in a ClusterRole bound to jane')
})

test('an API server that does not answer is said once', async () => {
  const facts: DoctorFacts = {
    ...well,
    version: gone,
    workload: gone,
    access: gone,
    prometheus: gone,
    alertmanager: gone,
    usage: gone,
    oldestEvent: gone,
  }
  expect(judgeDoctor(facts)).toMatchObject({
    works: 'unreachable',
    lines: [{ what: 'context' }, { what: 'API server', state: 'unreachable' }],
  })
  await expect(text(facts)).toMatchFileSnapshot(golden('frozen'))
})

test('a workload of another name is absent, and the flags that name it are said', () => {
  const facts: DoctorFacts = { ...well, workload: { state: 'absent', reason: 'deployments.apps "checkout" not found' } }
  expect(judgeDoctor(facts).works).toBe('unreachable')
  expect(line(facts, 'workload')?.fix).toContain('--workload')
})

test('Prometheus that does not scrape the service is not the same as Prometheus', () => {
  const facts: DoctorFacts = { ...well, prometheus: { state: 'ok', value: { where: 'monitoring/prometheus', targets: [] } } }
  expect(line(facts, 'Prometheus')?.state).toBe('ok')
  expect(line(facts, 'scraping')?.state).toBe('limited')
  expect(line({ ...facts, workload: { state: 'ok', value: { ready: 0, wanted: 0 } } }, 'scraping')).toBeUndefined()
})

test('a target that is down shows what Prometheus says about it', () => {
  const targets = [{ labels: { pod: 'checkout-1' }, health: 'down', lastError: 'connection refused', lastScrape: '' }]
  expect(line({ ...well, prometheus: { state: 'ok', value: { where: 'x', targets } } }, 'scraping')?.says).toBe(
    '1 of 1 pods cannot be scraped: checkout-1 connection refused',
  )
})

test.each([
  [4.9, 'ok', 'within 5 s'],
  [5.1, 'limited', '5 s ahead of'],
  [-300, 'limited', '300 s behind'],
])('a clock %d s ahead is %s', (skewSeconds, state, says) => {
  const facts: DoctorFacts = { ...well, version: { state: 'ok', value: { gitVersion: 'v1.34.4', skewSeconds } } }
  expect(line(facts, 'clock')).toMatchObject({ state, says: expect.stringContaining(says) })
})

test('without Prometheus, Alertmanager and metrics-server it works, and each says what is lost', () => {
  const absent: Unseen = { state: 'absent', reason: 'no such Service was found in the cluster', next: 'give --prometheus URL' }
  const facts: DoctorFacts = { ...well, prometheus: absent, alertmanager: absent, usage: absent }
  const report = judgeDoctor(facts)
  expect(report.works).toBe('yes')
  expect(report.lines.filter((one) => one.state === 'limited').map((one) => one.what)).toEqual([
    'Prometheus',
    'Alertmanager',
    'metrics-server',
  ])
})
