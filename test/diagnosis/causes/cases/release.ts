import { ago, type Change } from '../../../support/snapshot.ts'
import { answers, edited, fails, logs, notReady, pods, put, release, serving, startedAgain } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const newImage = (minutes = 6, pods = 1) =>
  release(
    (_, main) => {
      main.image = 'registry.example/kestrel:1.9.0'
    },
    { minutes, pods },
  )
const refused = 'error: password authentication failed for user "kestrel"'
const forbidden =
  'configmaps "marks" is forbidden: User "system:serviceaccount:north:kestrel" cannot get resource "configmaps" in API group "" in the namespace "north"'
const noLogs: Change = (s) => {
  s.logs = []
}

/** New pods that run and are ready, and ended twice before, the last time a minute ago after so many seconds. */
const endsAgain = (seconds: number): Change =>
  pods('new', (pod) => {
    for (const s of pod.status!.containerStatuses ?? []) {
      s.restartCount = 2
      s.lastState = { terminated: { exitCode: 1, reason: 'Error', startedAt: ago(1 + seconds / 60), finishedAt: ago(1) } }
    }
  })

export const cases: Case[] = [
  {
    code: 'bad_release',
    what: 'a release leads the name of the store elsewhere, and its pods are not ready for it',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release(
        (spec) => {
          spec.hostAliases = [{ ip: '192.0.2.9', hostnames: ['ledger'] }]
        },
        { minutes: 1, pods: 1 },
      ),
      notReady('new'),
      answers('new', '/ready', 503, 'ledger unreachable'),
      answers('old', '/ready', 200),
    ],
    without: [
      (s) => {
        s.probes = []
      },
    ],
    instead: 'none',
  },
  {
    code: 'bad_release',
    what: 'only the pods of the new revision fail',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage(), fails(0.4, 'new', { minutes: 6 })],
    without: [fails(0.4, 'old', { minutes: 30 })],
    instead: 'none',
  },
  {
    code: 'bad_release',
    what: 'every pod is new, and there were no errors before',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage(5, 3), fails(0.3, 'new', { minutes: 5 })],
    without: [
      (s) => {
        for (const of of s.load) of.failing = [{ share: 0.3, since: 0, status: '500' }]
      },
    ],
    instead: 'none',
  },
  {
    code: 'bad_release',
    what: 'every pod is new, and the few requests before were answered well',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [serving(1), newImage(1, 3), fails(0.3, 'new', { minutes: 1 })],
    without: [
      (s) => {
        for (const of of s.load) of.failing = [{ share: 0.3, since: 0, status: '500' }]
      },
    ],
    instead: 'none',
  },
  {
    code: 'bad_release',
    what: 'new pods serve for a while, end, and are ready again between two ends',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage(6, 3), endsAgain(25)],
    without: [endsAgain(2)],
    instead: 'none',
  },
  {
    code: 'config_change',
    what: 'requests fail since a ConfigMap was edited and the pods were started again',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'config',
    fault: [edited('configmaps', 'kestrel-settings', 8), startedAgain(7), fails(0.3, 'all', { minutes: 7 })],
    without: [startedAgain(2000)],
    instead: 'none',
  },
  {
    code: 'config_change',
    what: 'the first pod that read a ConfigMap since its edit is not ready, and those from before are',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'config',
    fault: [
      edited('configmaps', 'kestrel-settings', 8),
      startedAgain(4, 0),
      notReady(0),
      answers(0, '/ready', 503, 'getaddrinfo ENOTFOUND ledgers'),
      answers(1, '/ready', 200),
    ],
    without: [startedAgain(2000)],
    instead: 'single_bad_pod',
  },
  {
    code: 'stale_credentials',
    what: 'the Secret was changed after the pods had read it',
    subject: 'Secret/kestrel-keys',
    remedy: 'restart',
    fault: [edited('secrets', 'kestrel-keys', 8), fails(0.5, 'all', { minutes: 7 }), logs('all', [refused, refused])],
    without: [startedAgain(4)],
    instead: 'corrupt_credentials',
  },
  {
    code: 'corrupt_credentials',
    what: 'of a rolling restart after the edit the first new pod is refused, while the old ones serve on',
    subject: 'Secret/kestrel-keys',
    remedy: 'manual',
    fault: [edited('secrets', 'kestrel-keys', 8), startedAgain(4, 0), notReady(0), logs(0, [refused, refused])],
    without: [noLogs],
    instead: 'none',
  },
  {
    code: 'corrupt_credentials',
    what: 'the pods have read the Secret as it now is',
    subject: 'Secret/kestrel-keys',
    remedy: 'manual',
    fault: [edited('secrets', 'kestrel-keys', 8), startedAgain(4), fails(0.5, 'all', { minutes: 4 }), logs('all', [refused, refused])],
    without: [startedAgain(2000)],
    instead: 'stale_credentials',
  },
  {
    code: 'rbac_denied',
    what: 'the RoleBinding of the service is gone',
    subject: 'RoleBinding/kestrel-reader',
    remedy: 'manual',
    fault: [
      put('roles', { metadata: { name: 'kestrel-reader' }, rules: [{ verbs: ['get'], resources: ['configmaps'] }] }),
      fails(0.2),
      logs('all', [forbidden]),
    ],
    without: [noLogs],
  },
  {
    code: 'rbac_denied',
    what: 'the RoleBinding is gone, and the log quotes the refusal inside JSON',
    subject: 'RoleBinding/kestrel-reader',
    remedy: 'manual',
    fault: [
      put('roles', { metadata: { name: 'kestrel-reader' }, rules: [{ verbs: ['get'], resources: ['configmaps'] }] }),
      fails(0.2),
      logs('all', [JSON.stringify({ level: 'error', error: forbidden })]),
    ],
    without: [noLogs],
  },
  {
    code: 'single_bad_pod',
    what: 'one pod of three fails',
    subject: 'Pod/kestrel-*',
    remedy: 'pod',
    fault: [fails(0.6, 1)],
    without: [fails(0.6, 0), fails(0.6, 2)],
    instead: 'none',
  },
  {
    code: 'single_bad_pod',
    what: 'one pod of three says that it is not ready, and its peers of the same revision are',
    subject: 'Pod/kestrel-*',
    remedy: 'pod',
    fault: [notReady(1), answers(1, '/ready', 503, 'segment 7 is corrupt')],
    without: [notReady(), answers('all', '/ready', 503, 'segment 7 is corrupt')],
    instead: 'none',
  },
]
