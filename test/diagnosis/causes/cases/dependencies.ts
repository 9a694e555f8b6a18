import { ago, type Change } from '../../../support/snapshot.ts'
import {
  always,
  answers,
  change,
  edited,
  fails,
  logs,
  measured,
  metric,
  notReady,
  over,
  put,
  release,
  startedAgain,
} from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const partnerFails = (how: string) =>
  Array<string>(6).fill(`{"level":"error","msg":"order failed","reason":"https://rates.example/v1 ${how}"}`)
const silentLogs: Change = (s) => {
  s.logs = []
}
const asleep: Change = (s) => {
  s.objects.pods = s.objects.pods.filter((p) => p.metadata.labels?.app !== 'ledger')
  s.objects.deployments.find((d) => d.metadata.name === 'ledger')!.spec.replicas = 0
}
const waiting = (count: number): Change[] => [
  measured('pool', 2, 'all', { state: 'in_use' }),
  measured('pool', 2, 'all', { state: 'max' }),
  measured('pool', count, 'all', { state: 'waiting' }),
]

const poolEdited: Change = (s) => {
  edited('configmaps', 'kestrel-settings', 8)(s)
  const settings = s.objects.configmaps.find((c) => c.metadata.name === 'kestrel-settings')!
  settings.metadata.managedFields!.at(-1)!.fieldsV1 = { 'f:data': { 'f:DB_POOL_SIZE': {} } }
}
/** Queries that take so long, so many a second. */
const queries = (seconds: number, perSecond: number): Change[] => [
  metric('p95', [{}, 2 * seconds]),
  metric('query_time', [{ operation: 'claim' }, seconds]),
  metric('query_count', [{ operation: 'claim' }, perSecond * 120]),
  metric('query_rate', [{}, perSecond]),
]
/** How long pods take to say that they are ready, in seconds. */
const answersIn =
  (seconds: number): Change =>
  (s) => {
    answers('all', '/ready', 200, 'ok')(s)
    for (const p of s.probes) if (p.path === '/ready' && p.result.state === 'ok') p.result.value.seconds = seconds
  }

/** A template of the store, so many minutes old. */
const storeSet = (revision: number, minutes: number, value: string): Change =>
  put('replicasets', {
    metadata: {
      name: `ledger-${revision}`,
      creationTimestamp: ago(minutes),
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [{ kind: 'Deployment', name: 'ledger', uid: 'uid-ledger', controller: true }],
    },
    spec: {
      replicas: revision - 1,
      selector: { matchLabels: { app: 'ledger' } },
      template: { spec: { containers: [{ name: 'store', image: 'registry.example/ledger:4', env: [{ name: 'SYNC', value }] }] } },
    },
  })
/** The 95th percentile of latency, in seconds: before so many minutes ago, since. */
const lateSince = (minutes: number, is: number): Change[] => [
  over('p95', {}, (ago_) => (ago_ > minutes ? 0.05 : is)),
  metric('p95', [{}, is]),
]

export const cases: Case[] = [
  {
    code: 'dependency_slow',
    what: 'the store got another template, and answers are late since',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [storeSet(1, 900, 'off'), storeSet(2, 4, 'on'), ...lateSince(3, 1.9)],
    without: [...lateSince(3, 0.06)],
    instead: 'none',
  },
  {
    code: 'dependency_down',
    what: 'the store is scaled to 0 and readiness asks for it',
    subject: 'Deployment/ledger',
    remedy: 'scale',
    fault: [asleep, notReady(), answers('all', '/ready', 503, '{"ledger":"down"}')],
    without: [
      (s) =>
        void s.objects.pods.push({
          ...structuredClone(s.objects.pods[0]!),
          metadata: { name: 'ledger-x', namespace: 'north', labels: { app: 'ledger' } },
          status: { podIP: '10.2.0.99', conditions: [{ type: 'Ready', status: 'True' }] },
        }),
    ],
  },
  {
    code: 'dependency_down',
    what: 'the store runs and its Service selects something else',
    subject: 'Service/ledger',
    remedy: 'escalate',
    fault: [
      (s) => {
        s.service.dependencies = [{ name: 'ledger', kind: 'Deployment', workload: 'ledger', service: 'ledger' }]
      },
      change('services', 'ledger', (s) => {
        s.spec.selector = { app: 'ledgers' }
      }),
      notReady(),
      answers('all', '/ready', 503, '{"ledger":"down"}'),
    ],
    without: [
      change('services', 'ledger', (s) => {
        s.spec.selector = { app: 'ledger' }
      }),
    ],
  },
  {
    code: 'external_dependency',
    what: 'most requests that need what stands outside come to one pod, and it failed first',
    subject: 'Dependency/rates',
    remedy: 'limit',
    fault: [
      fails(0.15, 1),
      fails(0.01, 0),
      metric('dependency_outcomes', [{ dependency: 'rates', outcome: 'ok' }, 150], [{ dependency: 'rates', outcome: 'error' }, 20]),
    ],
    without: [metric('dependency_outcomes', [{ dependency: 'rates', outcome: 'ok' }, 168], [{ dependency: 'rates', outcome: 'error' }, 2])],
    instead: 'single_bad_pod',
  },
  {
    code: 'external_dependency',
    what: 'what stands outside the cluster answers with failures',
    subject: 'Dependency/rates',
    remedy: 'limit',
    fault: [metric('dependency_outcomes', [{ dependency: 'rates', outcome: 'ok' }, 30], [{ dependency: 'rates', outcome: 'error' }, 70])],
    without: [metric('dependency_outcomes', [{ dependency: 'rates', outcome: 'ok' }, 98], [{ dependency: 'rates', outcome: 'error' }, 2])],
    instead: 'none',
  },
  {
    code: 'external_dependency',
    what: 'the log names whom it asked, and who answered 503',
    subject: 'Dependency/rates.example',
    remedy: 'limit',
    fault: [fails(0.4), logs('all', partnerFails('answered 503'))],
    without: [silentLogs, logs('all', partnerFails('could not be parsed'))],
    instead: 'none',
  },
  {
    code: 'external_dependency',
    what: 'the log names a Service of the namespace that answers with errors, while it is ready',
    subject: 'Deployment/ledger',
    remedy: 'limit',
    fault: [fails(0.4), logs('all', Array<string>(6).fill('ERROR call to ledger: status code 500'))],
    without: [silentLogs],
    instead: 'none',
  },
  {
    code: 'dependency_slow',
    what: 'queries take seconds',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    fault: [
      metric('query_time', [{ operation: 'claim' }, 3.2], [{ operation: 'read' }, 0.01]),
      metric('query_count', [{ operation: 'claim' }, 40], [{ operation: 'read' }, 900]),
      metric('p95', [{}, 3.4]),
    ],
    runbook: 'performance-degradation',
    without: [metric('query_time', [{ operation: 'claim' }, 0.02])],
    instead: 'none',
  },
  {
    code: 'pool_exhausted',
    what: 'requests wait for one of two connections',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [...waiting(9), fails(0.2), logs('all', ['Error: timeout exceeded when trying to connect: pool exhausted'])],
    without: [
      ...waiting(0),
      (s) => {
        s.logs = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'pool_exhausted',
    what: 'queries are late because they wait for a connection, and the store has each for a tenth of a second',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'performance-degradation',
    fault: [...waiting(9), ...queries(0.6, 60)],
    without: [metric('query_rate', [{}, 9])],
    instead: 'dependency_slow',
  },
  {
    code: 'dependency_slow',
    what: 'queries take seconds since half a minute, after many that were quick',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [
      metric('query_time', [{ operation: 'claim' }, 0.12]),
      metric('query_time_lately', [{ operation: 'claim' }, 0.7]),
      metric('query_count', [{ operation: 'claim' }, 900]),
      metric('p95', [{}, 0.3]),
    ],
    without: [metric('query_time_lately', [{ operation: 'claim' }, 0.1])],
    instead: 'none',
  },
  {
    code: 'service_target_port',
    what: 'the Service of the store leads to a port on which its pods do not listen, and callers are refused',
    subject: 'Service/ledger',
    remedy: 'manual',
    fault: [
      change('services', 'ledger', (s) => {
        s.spec.ports![0]!.targetPort = 6001
      }),
      fails(0.9),
      logs('all', Array<string>(4).fill('Error: connect ECONNREFUSED ledger:6000')),
    ],
    without: [
      change('services', 'ledger', (s) => {
        s.spec.ports![0]!.targetPort = 6000
      }),
    ],
    instead: 'none',
  },
  {
    code: 'service_target_port',
    what: 'somebody led the Service of the store to a port on which its pods do not listen, and the program does not say how it fails',
    subject: 'Service/ledger',
    remedy: 'manual',
    fault: [
      change('services', 'ledger', (s) => {
        s.spec.ports![0]!.targetPort = 6001
      }),
      edited('services', 'ledger', 4),
      fails(0.9),
      logs('all', Array<string>(4).fill('ERROR upstream ledger failed')),
    ],
    without: [
      change('services', 'ledger', (s) => {
        delete s.metadata.managedFields
      }),
    ],
    instead: 'none',
  },
  {
    code: 'dependency_slow',
    what: 'the log says that a ready store did not answer in time',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    fault: [fails(0.8), logs('all', Array<string>(4).fill('Error: ledger:6000 timed out after 1500 ms'))],
    without: [silentLogs],
    instead: 'none',
  },
  {
    code: 'dependency_slow',
    what: 'every pod takes a second to say that it is ready, and none to say that it lives',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [answersIn(1.2)],
    without: [answersIn(0.02)],
    instead: 'none',
  },
  {
    code: 'external_dependency',
    what: 'a Service that only renames a host, whose name is not known any more',
    subject: 'Service/rates',
    remedy: 'limit',
    fault: [
      put('services', { metadata: { name: 'rates' }, spec: { type: 'ExternalName', externalName: 'rates.example' } }),
      always((_, main) => void main.env!.push({ name: 'RATES_URL', value: 'http://rates:8080/v1' })),
      fails(0.3),
      logs('all', Array<string>(4).fill('Error: getaddrinfo ENOTFOUND rates')),
    ],
    without: [silentLogs],
    instead: 'none',
  },
  {
    code: 'dependency_slow',
    what: 'queries take seconds, and the program is there to notice when they end',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: [...queries(1.2, 20), measured('loop_lag', 0.02)],
    without: [measured('loop_lag', 0.9)],
    instead: 'none',
  },
  {
    code: 'dependency_slow',
    what: 'statements time out, and there is one store to ask',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    fault: [fails(0.8), logs('all', Array<string>(4).fill('ERROR list: canceling statement due to statement timeout'))],
    without: [silentLogs, logs('all', Array<string>(4).fill('ERROR list: timeout of 500 ms exceeded: https://rates.example/v1'))],
    instead: 'none',
  },
  {
    code: 'dependency_slow',
    what: 'queries take seconds and answers with them: not those of a migration that nobody waits for',
    subject: 'Deployment/ledger',
    remedy: 'escalate',
    runbook: 'performance-degradation',
    fault: queries(1.2, 20),
    without: [metric('p95', [{}, 0.04])],
    instead: 'none',
  },
  {
    code: 'pool_exhausted',
    what: 'a release made the pool smaller',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'performance-degradation',
    fault: [release((_, main) => void main.env!.push({ name: 'DB_POOL_SIZE', value: '2' })), ...waiting(9), ...queries(0.6, 60)],
    without: waiting(0),
    instead: 'dependency_slow',
  },
  {
    code: 'pool_exhausted',
    what: 'the size of the pool was edited in a ConfigMap, and the pods started again',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'manual',
    runbook: 'performance-degradation',
    fault: [poolEdited, startedAgain(7), ...waiting(9), ...queries(0.6, 60)],
    without: waiting(0),
    instead: 'dependency_slow',
  },
]
