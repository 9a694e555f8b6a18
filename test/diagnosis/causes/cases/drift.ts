import { ago, type Change, setsOf, workloadOf } from '../../../support/snapshot.ts'
import { release, waits } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** Who wrote the Deployment, and how many minutes ago. */
const wrote =
  (...writers: [manager: string, minutes: number][]): Change =>
  (s) => {
    workloadOf(s).metadata.managedFields = writers.map(([manager, minutes]) => ({ manager, operation: 'Update', time: ago(minutes) }))
  }
/** The newest ReplicaSet was made before, left, and used again. */
const again: Change = (s) => {
  setsOf(s)[0]!.metadata.annotations!['deployment.kubernetes.io/revision-history'] = '6'
}
const badTag = release(
  (_, main) => {
    main.image = 'registry.example/kestrel:1.9.0'
  },
  { minutes: 4, pods: 1 },
)

export const cases: Case[] = [
  {
    code: 'drift_reverted',
    what: 'a controller puts the image back that a person had taken away',
    subject: 'Deployment/kestrel',
    remedy: 'manual',
    fault: [
      badTag,
      again,
      waits('ErrImagePull', 'manifest for registry.example/kestrel:1.9.0 not found', 'new'),
      wrote(['argocd-controller', 4], ['kubectl-rollout', 9]),
    ],
    without: [wrote(['kubectl-rollout', 4], ['argocd-controller', 900])],
    instead: 'image_not_found',
  },
]
