import { ago, type Change, now } from '../../../support/snapshot.ts'
import {
  always,
  change,
  dies,
  edited,
  event,
  logs,
  pods,
  put,
  release,
  startedAgain,
  waits,
  workload,
} from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const noLogs: Change = (s) => {
  s.logs = []
}
const withInit = always((spec) => {
  spec.initContainers = [{ name: 'before', image: 'registry.example/tools:3', command: ['wait-for', 'ledger:6000'] }]
})
const inInit = (minutes: number): Change =>
  pods(0, (pod) => {
    pod.status!.phase = 'Pending'
    for (const c of pod.status!.conditions!) if (c.type === 'Ready') c.status = 'False'
    pod.status!.initContainerStatuses = [{ name: 'before', ready: false, restartCount: 0, state: { running: { startedAt: ago(minutes) } } }]
    pod.status!.containerStatuses = [{ name: 'main', ready: false, restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } }]
  })

/** Another write than that which made it, later than one of a moment ago, and no field that is left tells of it. */
const writtenLast =
  (name: string): Change =>
  (s) => {
    const object = s.objects.configmaps.find((c) => c.metadata.name === name)!
    object.metadata.resourceVersion = '9'
    s.objects.nodes[0]!.metadata = { ...s.objects.nodes[0]!.metadata, resourceVersion: '8' }
    s.objects.nodes[0]!.status!.conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: ago(20) }]
  }

export const cases: Case[] = [
  {
    code: 'bad_command',
    what: 'a release has a typo in its command',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.command = ['/srv/kestrell']
      }),
      waits('RunContainerError', 'exec: "/srv/kestrell": stat /srv/kestrell: no such file or directory', 'new'),
    ],
    without: [dies({ exit: 1 }, 'new'), logs('new', ['Error: table not found in plan'])],
  },
  {
    code: 'bad_command',
    what: 'a shell cannot find the program',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.args = ['--modee']
      }),
      dies({ exit: 127 }, 'new'),
      logs('new', ['sh: kestrell: not found'], { previous: true }),
    ],
    without: [
      noLogs,
      dies({ exit: 1 }, 'new'),
      workload((d) => {
        delete d.spec.template.spec.containers[0]!.args
      }),
      (s) => {
        delete s.objects.replicasets.find((r) => r.metadata.annotations?.['deployment.kubernetes.io/revision'] === '8')!.spec.template.spec
          .containers[0]!.args
      },
    ],
    instead: 'crash_on_start',
  },
  {
    code: 'missing_env',
    what: 'a release lost a variable and the program says which',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env = main.env!.filter((e) => e.name !== 'WORKERS')
        main.image = 'registry.example/kestrel:1.8.1'
      }),
      dies({ exit: 1 }, 'new'),
      logs('new', ['starting', 'Error: WORKERS must be set'], { previous: true }),
    ],
    without: [noLogs, logs('new', ['starting', 'Error: index out of range in plan 3'], { previous: true })],
    instead: 'crash_on_start',
  },
  {
    code: 'missing_env',
    what: 'nothing but a variable was taken away, and the logs cannot be read',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env = main.env!.filter((e) => e.name !== 'WORKERS')
      }),
      dies({ exit: 1 }, 'new'),
      (s) => {
        s.parts.logs = { state: 'denied', reason: 'may not get pods/log' }
      },
    ],
    without: [
      (s) => {
        s.objects.replicasets
          .find((r) => r.metadata.annotations?.['deployment.kubernetes.io/revision'] === '8')!
          .spec.template.spec.containers[0]!.env!.push({ name: 'WORKERS', value: '4' })
      },
    ],
    instead: 'crash_on_start',
  },
  {
    code: 'crash_on_start',
    what: 'a release crashes with an error of its own',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.image = 'registry.example/kestrel:1.9.0'
      }),
      dies({ exit: 1 }, 'new'),
      logs('new', ['starting', 'TypeError: x is not a function', '    at boot (main.js:4:2)'], { previous: true }),
    ],
    without: [dies({ exit: 137, reason: 'OOMKilled', lasted: 1 }, 'new')],
    instead: 'memory_leak',
  },
  {
    code: 'crash_on_start',
    what: 'it crashes and nothing was changed: there is nothing to go back to',
    subject: 'Deployment/kestrel',
    remedy: 'capture',
    fault: [dies({ exit: 3 }), logs('all', ['assertion broken at plan.c:88'], { previous: true })],
    without: [
      noLogs,
      dies({ exit: 137 }),
      event('all', 'Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500'),
      event('all', 'Killing', 'Container main failed liveness probe, will be restarted'),
    ],
    instead: 'liveness_too_aggressive',
  },
  {
    code: 'config_change',
    what: 'pods that started again after an edit of their ConfigMap crash',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'config',
    fault: [
      edited('configmaps', 'kestrel-settings', 20),
      startedAgain(10),
      dies({ exit: 1 }),
      logs('all', ['Error: level "loud" is unknown'], { previous: true }),
    ],
    without: [
      (s) => {
        s.objects.configmaps[0]!.metadata.managedFields!.pop()
      },
    ],
    instead: 'crash_on_start',
  },
  {
    code: 'config_change',
    what: 'a key was taken out of a ConfigMap, which leaves no time, and pods that started again crash',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'config',
    fault: [
      writtenLast('kestrel-settings'),
      startedAgain(10),
      dies({ exit: 1 }),
      logs('all', ['FATAL no port to listen on'], { previous: true }),
    ],
    without: [
      change('configmaps', 'kestrel-settings', (c) => {
        c.metadata.resourceVersion = '3'
      }),
    ],
    instead: 'crash_on_start',
  },
  {
    code: 'corrupt_credentials',
    what: 'pods that started again after an edit of their Secret crash',
    subject: 'Secret/kestrel-keys',
    remedy: 'manual',
    fault: [
      edited('secrets', 'kestrel-keys', 20),
      startedAgain(10),
      dies({ exit: 1 }),
      logs('all', ['Error: origin key is not 32 bytes'], { previous: true }),
    ],
    without: [
      (s) => {
        s.objects.secrets[0]!.metadata.managedFields!.pop()
      },
    ],
    instead: 'crash_on_start',
  },
  {
    code: 'init_dependency_hang',
    what: 'an init container waits and waits',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      withInit,
      inInit(9),
      logs(0, ['waiting for ledger:6000', 'waiting for ledger:6000', 'waiting for ledger:6000'], { container: 'before' }),
    ],
    without: [inInit((Date.parse(ago(0)) - now) / 60_000 + 0.1)],
    instead: 'none',
  },
  {
    code: 'bad_command',
    what: 'a release passes an argument that the program does not take',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.command = ['/srv/kestrel', '--prot=8081']
      }),
      dies({ exit: 2, lasted: 1 }, 'new'),
      logs('new', ["error: there is no '--prot'"], { previous: true }),
    ],
    without: [noLogs, logs('new', ['Error: table not found in plan'], { previous: true })],
    instead: 'crash_on_start',
  },
  {
    code: 'bad_command',
    what: 'a script whose first line names no interpreter',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.command = ['/srv/begin.sh']
      }),
      dies({ exit: 128, reason: 'StartError', message: 'exec /srv/begin.sh: exec format error' }, 'new'),
    ],
    without: [
      pods('new', (pod) => {
        pod.spec.containers[0]!.command = ['/srv/begin']
      }),
    ],
    instead: 'image_arch_mismatch',
  },
  {
    code: 'init_dependency_hang',
    what: 'an init container asks in silence for a host that no Service is called',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.initContainers = [
          { name: 'before', image: 'registry.example/tools:3', command: ['sh', '-c', 'until nc -z ledgers:6000; do sleep 1; done'] },
        ]
      }),
      inInit(1),
    ],
    without: [put('services', { metadata: { name: 'ledgers' }, spec: { ports: [{ port: 6000 }] } })],
    instead: 'none',
  },
  {
    code: 'security_context',
    what: 'a release must not run as root, and its image does',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.securityContext = { runAsNonRoot: true }
      }),
      waits('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root (pod: "x", container: main)', 'new'),
    ],
    without: [waits('CreateContainerConfigError', 'secret "kestrel-keys" not found', 'new')],
    instead: 'missing_secret',
  },
  {
    code: 'bad_command',
    what: 'a script without an interpreter, in the words that the last step of the runtime leaves in the log',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      always((_, main) => {
        main.command = ['/srv/begin.sh']
      }),
      dies({ exit: 1, lasted: 0 }),
      logs('all', ['exec /srv/begin.sh: exec format error'], { previous: true }),
    ],
    without: [
      pods('all', (pod) => {
        pod.spec.containers[0]!.command = ['/srv/begin']
      }),
    ],
    instead: 'image_arch_mismatch',
  },
  {
    code: 'crash_on_start',
    what: 'the program ends by an error of its own, and its liveness probe is refused after that',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.image = 'registry.example/kestrel:1.8.1'
      }),
      dies({ exit: 1, lasted: 14 }, 'new'),
      event(
        'new',
        'Unhealthy',
        'Liveness probe failed: Get "http://10.2.0.4:8081/alive": dial tcp 10.2.0.4:8081: connect: connection refused',
      ),
    ],
    without: [dies({ exit: 137, lasted: 14 }, 'new')],
    instead: 'liveness_too_aggressive',
  },
]
