import { podsOf, serves } from '../../../support/snapshot.ts'
import { gone, metric, unseen } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

export const cases: Case[] = [
  {
    code: 'wrong_target',
    what: 'the name has a letter too many',
    subject: 'Deployment/kestrell',
    remedy: 'manual',
    fault: [
      (s) => {
        s.service.workload = 'kestrell'
      },
    ],
    without: [
      (s) => {
        s.service.workload = 'kestrel'
      },
    ],
    instead: 'none',
  },
  {
    code: 'wrong_target',
    what: 'the namespace does not exist',
    subject: 'Namespace/nort',
    remedy: 'manual',
    fault: [
      (s) => {
        s.service.namespace = 'nort'
      },
    ],
    without: [
      (s) => {
        s.service.namespace = 'north'
      },
    ],
    instead: 'none',
  },
  {
    code: 'access_denied',
    what: 'neither pods nor deployments may be listed',
    subject: 'Namespace/north',
    remedy: 'manual',
    fault: [unseen('pods'), unseen('deployments')],
    without: [
      (s) => {
        delete s.unseen.pods
      },
    ],
    instead: 'none',
  },
  {
    code: 'wrong_target',
    what: 'another Service stands before the workload',
    subject: 'Service/kestrel-front',
    remedy: 'manual',
    fault: [
      (s) => {
        s.service.service = 'kestrel'
      },
    ],
    without: [gone('services', 'kestrel-front')],
    instead: 'service_missing',
  },
  {
    code: 'telemetry_gap',
    what: 'Prometheus scrapes the pods, and the counter of requests has another name',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    runbook: 'high-error-rate',
    fault: [
      metric('errors_by_route'),
      metric('request_metrics', [{ __name__: 'kestrel_requests_total' }, 4]),
      (s) => {
        s.load = []
      },
    ],
    without: [
      (s) => {
        for (const pod of podsOf(s)) serves(s, pod, Number.NEGATIVE_INFINITY)
      },
    ],
    instead: 'none',
  },
]
