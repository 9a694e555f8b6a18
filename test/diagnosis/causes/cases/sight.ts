import { gone, unseen } from '../../../support/snapshot-changes.ts'
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
]
