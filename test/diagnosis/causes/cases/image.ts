import { always, event, gone, logs, release, waits } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

const notFound = 'Back-off pulling image "registry.example/kestrel:1.9.0": ErrImagePull: manifest unknown: not found'
const unauthorized = 'Back-off pulling image "registry.example/kestrel:1.8.0": failed to authorize: 401 Unauthorized'
const newImage = release((_, main) => {
  main.image = 'registry.example/kestrel:1.9.0'
})
const format = 'exec /srv/kestrel: exec format error'

export const cases: Case[] = [
  {
    code: 'image_not_found',
    what: 'a release names an image that is not there',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage, waits('ImagePullBackOff', notFound, 'new')],
    without: [waits('ImagePullBackOff', 'failed to authorize: 401 Unauthorized', 'new')],
    instead: 'image_pull_auth',
  },
  {
    code: 'image_not_found',
    what: 'an image that was there is taken from the registry: there is nothing to go back to',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [waits('ErrImagePull', 'registry.example/kestrel:1.8.0: not found', 0)],
    without: [waits('ErrImagePull', unauthorized, 0)],
    instead: 'image_pull_auth',
  },
  {
    code: 'image_pull_auth',
    what: 'the pull secret is gone',
    subject: 'Secret/pull',
    remedy: 'manual',
    fault: [waits('ImagePullBackOff', unauthorized, 0), gone('secrets', 'pull')],
    without: [
      waits('ImagePullBackOff', 'registry.example/kestrel:1.8.0: manifest unknown', 0),
      (s) => s.objects.secrets.push({ metadata: { name: 'pull', namespace: 'north' } }),
    ],
    instead: 'image_not_found',
  },
  {
    code: 'image_pull_auth',
    what: 'the kubelet says that it has no pull secret, and secrets may not be listed',
    subject: 'Secret/pull',
    remedy: 'manual',
    fault: [
      waits('ImagePullBackOff', unauthorized, 0),
      event(
        0,
        'FailedToRetrieveImagePullSecret',
        'Unable to retrieve some image pull secrets (pull); attempting to pull the image may not succeed.',
      ),
      (s) => {
        s.unseen.secrets = { state: 'denied', reason: 'may not list secrets' }
      },
    ],
    without: [
      waits('ImagePullBackOff', 'registry.example/kestrel:1.8.0: not found', 0),
      (s) => {
        s.objects.events = []
      },
    ],
    instead: 'image_not_found',
  },
  {
    code: 'image_arch_mismatch',
    what: 'a release is built for another processor',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [newImage, waits('CrashLoopBackOff', format, 'new'), logs('new', [format])],
    without: [
      (s) => {
        s.logs = []
      },
      waits('RunContainerError', 'exec: "/srv/kestrel": permission denied', 'new'),
    ],
    instead: 'bad_command',
  },
  {
    code: 'image_arch_mismatch',
    what: 'no log can be read, the runtime said it',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [waits('RunContainerError', format, 'all')],
    without: [waits('RunContainerError', 'exec: "/srv/kestrel": no such file or directory', 'all')],
    instead: 'bad_command',
  },
  {
    code: 'image_not_found',
    what: 'a name that is no image reference',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    fault: [
      release((_, main) => {
        main.image = 'registry.example/Kestrel::2'
      }),
      waits('InvalidImageName', "couldn't parse image reference", 'new'),
    ],
    without: [waits('ContainerCreating', '', 'new'), always(() => {})],
  },
]
