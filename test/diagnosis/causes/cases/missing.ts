import { always, dies, event, gone, put, release, waits } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const config = 'CreateContainerConfigError'
const volume = always((spec) => {
  spec.volumes = [{ name: 'rules', configMap: { name: 'kestrel-rules' } }]
})

export const cases: Case[] = [
  {
    code: 'missing_secret',
    what: 'a Secret was deleted and a pod starts again',
    subject: 'Secret/kestrel-keys',
    remedy: 'manual',
    fault: [gone('secrets', 'kestrel-keys'), waits(config, 'secret "kestrel-keys" not found', 0)],
    without: [waits(config, 'configmap "kestrel-settings" not found', 0)],
    instead: 'missing_configmap',
  },
  {
    code: 'missing_secret',
    what: 'a Secret was deleted, and the pods that were started with it run on',
    subject: 'Secret/kestrel-keys',
    remedy: 'manual',
    fault: [gone('secrets', 'kestrel-keys')],
    without: [put('secrets', { metadata: { name: 'kestrel-keys' } })],
    instead: 'none',
  },
  {
    code: 'missing_secret',
    what: 'a release names a Secret that nobody made',
    subject: 'Secret/kestrel-extra',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.env = [...(main.env ?? []), { name: 'EXTRA', valueFrom: { secretKeyRef: { name: 'kestrel-extra', key: 'x' } } }]
      }),
      waits(config, 'secret "kestrel-extra" not found', 'new'),
    ],
    without: [waits(config, "couldn't find key x in Secret north/kestrel-extra", 'new')],
    instead: 'missing_config_key',
  },
  {
    code: 'missing_configmap',
    what: 'a ConfigMap was deleted and a pod starts again',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'manual',
    fault: [gone('configmaps', 'kestrel-settings'), waits(config, 'configmap "kestrel-settings" not found', 0)],
    without: [waits(config, 'secret "kestrel-keys" not found', 0)],
    instead: 'missing_secret',
  },
  {
    code: 'missing_configmap',
    what: 'a mounted ConfigMap is gone: the events say so',
    subject: 'ConfigMap/kestrel-rules',
    remedy: 'manual',
    fault: [
      volume,
      waits('ContainerCreating', '', 0),
      event(0, 'FailedMount', 'MountVolume.SetUp failed for volume "rules" : configmap "kestrel-rules" not found'),
    ],
    without: [
      (s) => {
        s.objects.events = []
        s.objects.configmaps.push({ metadata: { name: 'kestrel-rules', namespace: 'north' } })
      },
    ],
  },
  {
    code: 'missing_configmap',
    what: 'a mounted ConfigMap is gone and the events have expired',
    subject: 'ConfigMap/kestrel-rules',
    remedy: 'manual',
    fault: [volume, waits('ContainerCreating', '', 0)],
    without: [
      (s) => {
        s.objects.configmaps.push({ metadata: { name: 'kestrel-rules', namespace: 'north' } })
      },
    ],
  },
  {
    code: 'missing_config_key',
    what: 'a key was taken out of a ConfigMap',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'manual',
    fault: [waits(config, "couldn't find key level in ConfigMap north/kestrel-settings", 0)],
    without: [waits(config, 'configmap "kestrel-settings" not found', 0)],
    instead: 'missing_configmap',
  },
  {
    code: 'missing_config_key',
    what: 'a key of a Secret, in the words of a volume',
    subject: 'Secret/kestrel-keys',
    remedy: 'manual',
    fault: [
      always((spec) => {
        spec.volumes = [{ name: 'keys', secret: { secretName: 'kestrel-keys', items: [{ key: 'edge', path: 'edge' }] } }]
      }),
      waits('ContainerCreating', '', 0),
      event(0, 'FailedMount', 'MountVolume.SetUp failed for volume "keys" : references non-existent secret key: edge'),
    ],
    without: [
      (s) => {
        s.objects.events = []
        s.objects.secrets.find((o) => o.metadata.name === 'kestrel-keys')!.metadata.managedFields![0]!.fieldsV1 = {
          'f:data': { 'f:origin': {}, 'f:edge': {} },
        }
      },
    ],
  },
  {
    code: 'missing_config_key',
    what: 'a file that is mounted by itself is no longer in the ConfigMap, and the program ends over the folder in its place',
    subject: 'ConfigMap/kestrel-settings',
    remedy: 'manual',
    fault: [
      always((spec, main) => {
        spec.volumes = [{ name: 'plan', configMap: { name: 'kestrel-settings' } }]
        main.volumeMounts = [{ name: 'plan', mountPath: '/etc/plan.toml', subPath: 'plan.toml' }]
      }),
      dies({ exit: 1 }, 0),
    ],
    without: [
      always((_, main) => {
        main.volumeMounts = [{ name: 'plan', mountPath: '/etc/level', subPath: 'level' }]
      }),
    ],
    instead: 'crash_on_start',
  },
]
