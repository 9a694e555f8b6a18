import { answers, dies, event, logs, notReady, pods, release } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const noEvents = (s: { objects: { events: unknown[] } }) => {
  s.objects.events = []
}
const killed = [event('all', 'Killing', 'Container main failed liveness probe, will be restarted'), dies({ exit: 143, lasted: 30 })]

const sidecarNotReady = pods('new', (pod) => {
  for (const c of pod.status!.conditions!) if (c.type === 'Ready') c.status = 'False'
  pod.status!.containerStatuses![1]!.ready = false
})

export const cases: Case[] = [
  {
    code: 'readiness_misconfig',
    what: 'a release asks a path that the program does not have',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.readinessProbe = { httpGet: { path: '/readyy', port: 'web' } }
      }),
      notReady('new'),
      answers('new', '/readyy', 404, 'no such page'),
      answers('new', '/ready', 200, 'ok'),
      answers('new', '/alive', 200, 'ok'),
      event('new', 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 404'),
    ],
    without: [
      (s) => {
        s.probes = []
      },
      noEvents,
      answers('new', '/readyy', 503, '{"status":"starting"}'),
    ],
  },
  {
    code: 'readiness_misconfig',
    what: 'a release asks a port on which nothing listens',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.readinessProbe = { httpGet: { path: '/ready', port: 9444 } }
      }),
      notReady('new'),
      answers('new', '/ready', 'refused', '', 9444),
      answers('new', '/ready', 200, 'ok'),
      event(
        'new',
        'Unhealthy',
        'Readiness probe failed: Get "http://10.2.0.9:9444/ready": dial tcp 10.2.0.9:9444: connect: connection refused',
      ),
    ],
    without: [
      (s) => {
        s.probes = []
      },
      noEvents,
    ],
  },
  {
    code: 'readiness_misconfig',
    what: 'the probe was always wrong and nothing was released: no rollback',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [notReady(), answers('all', '/ready', 404), answers('all', '/alive', 200, 'ok')],
    without: [
      (s) => {
        s.probes = []
      },
      answers('all', '/ready', 503, 'no ledger'),
    ],
    instead: 'none',
  },
  {
    code: 'liveness_misconfig',
    what: 'a release asks for life on a port on which nothing listens',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.livenessProbe = { httpGet: { path: '/alive', port: 9444 } }
      }),
      event(
        'all',
        'Unhealthy',
        'Liveness probe failed: Get "http://10.2.0.9:9444/alive": dial tcp 10.2.0.9:9444: connect: connection refused',
      ),
      ...killed,
    ],
    without: [noEvents],
    instead: 'crash_on_start',
  },
  {
    code: 'liveness_too_aggressive',
    what: 'a release gives the program no time to answer',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.livenessProbe = { httpGet: { path: '/alive', port: 'web' }, periodSeconds: 1, failureThreshold: 1 }
      }),
      event(
        'all',
        'Unhealthy',
        'Liveness probe failed: Get "http://10.2.0.9:8081/alive": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      ),
      ...killed,
    ],
    without: [noEvents],
    instead: 'crash_on_start',
  },
  {
    code: 'bad_release',
    what: 'a release lets the program listen on another port, and the kubelet ends it for the one it was asked on',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env!.push({ name: 'LISTEN', value: '9090' })
      }),
      event(
        'new',
        'Unhealthy',
        'Liveness probe failed: Get "http://10.2.0.9:8081/alive": dial tcp 10.2.0.9:8081: connect: connection refused',
      ),
      ...killed,
      logs('new', ['[notice] listening on port 9090'], { previous: true }),
    ],
    without: [
      (s) => {
        s.logs = []
      },
    ],
    instead: 'liveness_too_aggressive',
  },
  {
    code: 'readiness_misconfig',
    what: 'a release asks a sidecar on a port on which it does not listen',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release(
        (spec) => {
          spec.containers.push({ name: 'exporter', image: 'registry.example/exporter:1' })
        },
        { minutes: 30 },
      ),
      release((spec) => {
        spec.containers[1]!.readinessProbe = { tcpSocket: { port: 9100 } }
      }),
      sidecarNotReady,
      event('new', 'Unhealthy', 'Readiness probe failed: dial tcp 10.2.0.9:9100: connect: connection refused'),
    ],
    without: [noEvents],
    instead: 'none',
  },
]
