import { expect, test } from 'vitest'
import { insideQuestions } from '../../src/diagnosis/from-inside.ts'
import { judge } from '../../src/diagnosis/judge.ts'
import { makeView } from '../../src/diagnosis/view.ts'
import type { PathAnswer } from '../../src/facts/inside-questions.ts'
import { type Change, healthy, podsOf, space } from '../support/snapshot.ts'
import { answers, logs, notReady } from '../support/snapshot-changes.ts'

const questions = insideQuestions(makeView(healthy()))
const store = questions.find(({ host, port }) => host.startsWith('ledger') && port !== undefined)!

/** What a container in the first pod was told; every question that is not named answers. */
function heard(...told: Partial<PathAnswer>[]) {
  return (snapshot: ReturnType<typeof healthy>) => ({
    ...snapshot,
    inside: {
      state: 'ok' as const,
      value: {
        pod: 'kestrel-0',
        container: 'look-1',
        answers: questions.map((question): PathAnswer => {
          const answer = told.find(({ host, port }) => host === question.host && port === question.port)
          return { ...question, said: 'ok', detail: '', ...answer }
        }),
      },
    },
  })
}

const suffers: Change[] = [notReady(), answers('all', '/ready', 503, '{"ledger":"down"}')]
const closed: Change = (scene) => {
  scene.objects.networkpolicies.push({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'outbound', namespace: space },
    spec: {
      podSelector: { matchLabels: podsOf(scene)[0]!.metadata.labels! },
      policyTypes: ['Egress'],
      egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }],
    },
  })
}
const first = (snapshot: ReturnType<typeof healthy>) => judge(snapshot, 'high-error-rate').verdict.causes[0]

test('its own port, its own name and every dependency are asked about', () => {
  expect(questions[0]).toMatchObject({ host: '127.0.0.1' })
  expect(questions[1]!.port).toBeUndefined()
  expect(store).toBeDefined()
})

test('a path that a policy cuts is proven by the connection that was tried', () => {
  const cause = first(heard({ ...store, said: 'timeout' })(healthy(...suffers, closed)))
  expect(cause?.code).toBe('netpol_egress_block')
  expect(cause?.evidence.some(({ asked }) => asked.includes('from inside pod/kestrel-0'))).toBe(true)
})

test('a path that was walked is not cut, whatever a policy says', () => {
  const without = first(healthy(...suffers, closed))
  const cause = first(heard()(healthy(...suffers, closed)))
  expect(without?.code).toBe('netpol_egress_block')
  expect(cause?.code).not.toBe('netpol_egress_block')
})

test('a Service with endpoints that refuses has a target port on which nobody listens', () => {
  const cause = first(heard({ ...store, said: 'refused', detail: 'Connection refused' })(healthy(...suffers)))
  expect(cause).toMatchObject({ code: 'service_target_port', subject: { kind: 'Service', name: 'ledger' } })
})

test('a refusal that no user feels is no cause', () => {
  expect(first(heard({ ...store, said: 'refused' })(healthy()))).toBeUndefined()
})

test('a host outside that gives no answer is named, with what was said', () => {
  const outside: Change = (scene) => {
    scene.service.dependencies = [{ name: 'rates', host: 'rates.example', port: 443 }]
  }
  const lines = logs('all', Array<string>(4).fill('ERROR connect rates.example:443 timed out'))
  const snapshot = healthy(...suffers, outside, lines)
  const asked = insideQuestions(makeView(snapshot)).find(({ host, port }) => host === 'rates.example' && port === 443)!
  const value = { pod: 'kestrel-0', container: 'look-1', answers: [{ ...asked, said: 'timeout' as const, detail: '' }] }
  expect(first({ ...snapshot, inside: { state: 'ok', value } })).toMatchObject({
    code: 'external_dependency',
    subject: { kind: 'Dependency', name: 'rates' },
  })
})

test('what could not be asked from inside is said, and changes nothing', () => {
  const snapshot = healthy(...suffers, closed)
  const { verdict } = judge({ ...snapshot, inside: { state: 'absent', reason: 'container look-1 did not start' } }, 'high-error-rate')
  expect(verdict.causes[0]?.code).toBe('netpol_egress_block')
  expect(verdict.notSeen).toContainEqual(expect.objectContaining({ what: 'the view from inside a pod' }))
})
