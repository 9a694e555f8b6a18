import { ago, type Change, podsOf } from '../../../support/snapshot.ts'
import { always, change, event, noPods, notReady, pods, put, release, unplaced, waits } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const nodes = (alter: (node: Parameters<Parameters<typeof change<'nodes'>>[2]>[0]) => void): Change[] =>
  ['worker-a', 'worker-b'].map((name) => change('nodes', name, alter))
const evicted = (message: string): Change => event({ kind: 'Pod', name: 'kestrel-6d5f7c9b48-zzzzz' }, 'Evicted', message)
const volumeFull = 'Usage of EmptyDir volume "spool" exceeds the limit "64Mi". '
const noEvents: Change = (s) => {
  s.objects.events = []
}
const placedAgain: Change = (s) => {
  for (const pod of s.objects.pods) {
    pod.spec.nodeName = 'worker-a'
    pod.status = { ...pod.status, phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
  }
}
const says = (message: string) => unplaced(message, 'new')
const insufficient = '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available'

export const cases: Case[] = [
  {
    code: 'unschedulable_resources',
    what: 'a release asks for more than any node has',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.resources = { requests: { cpu: '40', memory: '128Mi' } }
      }),
      says(insufficient),
    ],
    without: [
      says("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
      pods('new', (pod) => {
        pod.spec.nodeSelector = { tier: 'quick' }
      }),
    ],
    instead: 'unschedulable_selector',
  },
  {
    code: 'unschedulable_resources',
    what: 'the nodes are full and no release asked for more',
    subject: 'Deployment/kestrel',
    remedy: 'resources',
    fault: [unplaced(insufficient, 0)],
    without: [placedAgain],
    instead: 'none',
  },
  {
    code: 'unschedulable_selector',
    what: 'a release wants a label that no node has',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.nodeSelector = { tier: 'quick' }
      }),
      says("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
    ],
    without: [
      says('0/2 nodes are available: 2 node(s) were unschedulable.'),
      ...nodes((n) => {
        n.metadata.labels = { tier: 'quick' }
        n.spec = { unschedulable: true }
      }),
    ],
    instead: 'node_cordoned',
  },
  {
    code: 'unschedulable_antiaffinity',
    what: 'more replicas than nodes under a rule to keep apart',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.affinity = {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'kestrel' } } },
            ],
          },
        }
      }),
      unplaced("0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.", 0),
    ],
    without: [unplaced(insufficient, 0)],
    instead: 'unschedulable_resources',
  },
  {
    code: 'unschedulable_taint',
    what: 'the nodes were tainted',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      unplaced('0/2 nodes are available: 2 node(s) had untolerated taint(s).', 0),
      ...nodes((n) => {
        n.spec = { taints: [{ key: 'team', value: 'blue', effect: 'NoSchedule' }] }
      }),
    ],
    without: [placedAgain],
    instead: 'none',
  },
  {
    code: 'node_cordoned',
    what: 'the nodes were cordoned and a pod lost its place',
    subject: 'Node/worker-a',
    remedy: 'manual',
    fault: [
      unplaced('0/2 nodes are available: 2 node(s) were unschedulable.', 0),
      ...nodes((n) => {
        n.spec = { unschedulable: true }
      }),
    ],
    without: [
      ...nodes((n) => {
        n.spec = {}
      }),
      unplaced(insufficient, 0),
    ],
    instead: 'unschedulable_resources',
  },
  {
    code: 'unschedulable_antiaffinity',
    what: 'rules left no node, and then the nodes were cordoned too',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' }]
      }),
      says('0/2 nodes are available: 2 node(s) were unschedulable.'),
      ...nodes((n) => {
        n.spec = { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: ago(0.1) }] }
      }),
      event('new', 'FailedScheduling', "0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints."),
    ],
    without: [noEvents],
    instead: 'node_cordoned',
  },
  {
    code: 'node_not_ready',
    what: 'the node under a pod went away',
    subject: 'Node/worker-a',
    remedy: 'escalate',
    fault: [
      change('nodes', 'worker-a', (n) => {
        n.status!.conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', lastTransitionTime: ago(4) }]
      }),
      pods('all', (pod) => {
        if (pod.spec.nodeName === 'worker-a') pod.status!.conditions = [{ type: 'Ready', status: 'False' }]
      }),
    ],
    without: [
      change('nodes', 'worker-a', (n) => {
        n.status!.conditions = [{ type: 'Ready', status: 'True' }]
      }),
    ],
  },
  {
    code: 'node_pressure',
    what: 'a node is short of memory and its pods are not ready',
    subject: 'Node/worker-b',
    remedy: 'escalate',
    fault: [
      change('nodes', 'worker-b', (n) => {
        n.status!.conditions!.push({
          type: 'MemoryPressure',
          status: 'True',
          reason: 'KubeletHasInsufficientMemory',
          lastTransitionTime: ago(6),
        })
      }),
      notReady('all'),
      pods('all', (pod) => {
        pod.spec.nodeName = 'worker-b'
      }),
    ],
    without: [
      change('nodes', 'worker-b', (n) => {
        n.status!.conditions = [{ type: 'Ready', status: 'True' }]
      }),
    ],
  },
  {
    code: 'port_conflict',
    what: 'a release takes a host port on nodes where it is taken',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.ports = [{ name: 'web', containerPort: 8081, hostPort: 8081 }]
      }),
      unplaced("0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.", 0),
    ],
    without: [unplaced(insufficient, 0)],
    instead: 'unschedulable_resources',
  },
  {
    code: 'pvc_pending',
    what: 'a release wants a volume of a class that does not exist',
    subject: 'PersistentVolumeClaim/shelf',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.volumes = [{ name: 'shelf', persistentVolumeClaim: { claimName: 'shelf' } }]
      }),
      put('persistentvolumeclaims', { metadata: { name: 'shelf' }, spec: { storageClassName: 'swift' }, status: { phase: 'Pending' } }),
      put('storageclasses', { metadata: { name: 'standard' } }),
      says('0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.'),
    ],
    without: [
      change('persistentvolumeclaims', 'shelf', (c) => {
        c.status = { phase: 'Bound' }
      }),
      says(insufficient),
    ],
    instead: 'unschedulable_resources',
  },
  {
    code: 'preempted',
    what: 'a pod of higher priority took the place of one of ours',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      unplaced(insufficient, 0),
      event({ kind: 'Pod', name: 'kestrel-6d5f7c9b48-zzzzz' }, 'Preempted', 'Preempted by pod 0b1 on node worker-a'),
    ],
    without: [noEvents],
    instead: 'unschedulable_resources',
  },
  {
    code: 'ephemeral_storage',
    what: 'pods are evicted for what they wrote themselves',
    subject: 'Deployment/kestrel',
    remedy: 'resources',
    fault: [evicted('Pod ephemeral local storage usage exceeds the total limit of containers 64Mi.')],
    without: [noEvents],
    instead: 'none',
  },
  {
    code: 'ephemeral_storage',
    what: 'a volume of the pod held more than it may',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [evicted(volumeFull)],
    without: [noEvents],
    instead: 'none',
  },
  {
    code: 'ephemeral_storage',
    what: 'the pods of a release are evicted for what they wrote, and only they',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.image = 'registry.example/kestrel:1.8.1'
      }),
      (s) => {
        const pod = structuredClone(podsOf(s)[0]!)
        pod.metadata.name = `${pod.metadata.name.slice(0, -5)}zzzzz`
        pod.status = {
          phase: 'Failed',
          reason: 'Evicted',
          message: volumeFull,
          startTime: ago(1),
        }
        s.objects.pods.push(pod)
      },
    ],
    without: [
      (s) => {
        s.objects.pods.pop()
      },
    ],
    instead: 'none',
  },
  {
    code: 'node_pressure',
    what: 'a pod was evicted for what others wrote',
    subject: 'Node/worker-a',
    remedy: 'escalate',
    fault: [
      always(() => {}),
      (s) => {
        const pod = structuredClone(s.objects.pods[0]!)
        pod.metadata.name = 'kestrel-6d5f7c9b48-yyyyy'
        pod.spec.nodeName = 'worker-a'
        pod.status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage. ', startTime: ago(1) }
        s.objects.pods.push(pod)
      },
    ],
    without: [
      (s) => {
        s.objects.pods.at(-1)!.status!.startTime = ago(2000)
      },
    ],
    instead: 'none',
  },
  {
    code: 'unschedulable_selector',
    what: 'a release names a node that does not exist',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.nodeName = 'worker-z'
      }),
      pods('new', (pod) => {
        pod.spec.nodeName = 'worker-z'
        pod.status = { phase: 'Pending' }
      }),
    ],
    without: [put('nodes', { metadata: { name: 'worker-z' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } })],
    instead: 'none',
  },
  {
    code: 'unschedulable_selector',
    what: 'a release asks for a scheduler that nobody runs',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.schedulerName = 'packer'
      }),
      pods('new', (pod) => {
        delete pod.spec.nodeName
        pod.status = { phase: 'Pending' }
      }),
    ],
    without: [
      pods('new', (pod) => {
        pod.spec.schedulerName = 'default-scheduler'
      }),
    ],
    instead: 'none',
  },
  {
    code: 'pvc_pending',
    what: 'a release mounts a folder of the node that is not there',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.volumes = [{ name: 'spool', hostPath: { path: '/srv/spool' } }]
      }),
      waits('ContainerCreating', '', 'new'),
      event(
        'new',
        'FailedMount',
        'MountVolume.SetUp failed for volume "spool" : hostPath type check failed: /srv/spool is not a directory',
      ),
    ],
    without: [noEvents],
    instead: 'none',
  },
  {
    code: 'unschedulable_selector',
    what: 'a release names a node that does not exist, and its pods were deleted again',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((spec) => {
        spec.nodeName = 'worker-z'
      }),
      noPods,
    ],
    without: [put('nodes', { metadata: { name: 'worker-z' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } })],
    instead: 'none',
  },
]
