/** Memory, CPU, disks and descriptors. */
import { type KnownCauses, moreFail, notTheRelease, rollBack } from './words.ts'

export const resources: KnownCauses = {
  memory_leak: {
    folds: ['crash_on_start', 'memory_limit_low', 'liveness_too_aggressive', 'bad_release'],
    cures: [rollBack('the earlier revision did not leak'), { action: 'restart', why: 'it buys the time that the leak needs to come back' }],
    never: [{ action: 'resources', why: 'more memory only hides the leak for longer' }, moreFail],
    owner: 'service',
  },
  memory_limit_low: {
    folds: ['crash_on_start', 'rollout_stuck', 'bad_release', 'liveness_too_aggressive', 'liveness_misconfig', 'readiness_misconfig'],
    cures: [rollBack('the earlier limit was enough'), { action: 'resources', why: 'give the container what it needs' }],
    never: [{ action: 'restart', why: 'the same limit kills it again' }, moreFail],
    owner: 'service',
  },
  v8_heap_limit: {
    folds: ['crash_on_start', 'bad_release'],
    cures: [
      rollBack('the earlier revision had a heap that was enough'),
      { action: 'manual', why: 'raise the heap flag, below the container limit' },
    ],
    never: [
      { action: 'resources', why: 'the container limit was not reached; the heap flag was' },
      { action: 'restart', why: 'the same heap fills again' },
    ],
    owner: 'service',
  },
  sidecar_oom: {
    folds: ['crash_on_start', 'rollout_stuck'],
    cures: [rollBack("the sidecar's earlier limit was enough"), { action: 'resources', why: 'give the sidecar what it needs' }],
    never: [{ action: 'restart', why: 'the same limit kills it again' }],
    owner: 'platform',
  },
  cpu_throttling: {
    // Times that a program takes of what it waits for are too long when it does not run itself.
    folds: ['liveness_too_aggressive', 'readiness_misconfig', 'dependency_slow'],
    cures: [rollBack('the earlier limit was enough'), { action: 'resources', why: 'raise the CPU limit' }],
    never: [{ action: 'restart', why: 'the same limit throttles the new pods' }],
    owner: 'service',
  },
  event_loop_block: {
    folds: ['cpu_throttling', 'liveness_too_aggressive', 'bad_release', 'single_bad_pod', 'readiness_misconfig', 'dependency_slow'],
    cures: [{ action: 'rollback', why: 'the earlier revision left its thread free' }],
    never: [{ action: 'restart', why: 'the same code blocks again' }],
    owner: 'release',
  },
  noisy_neighbour: {
    cures: [{ action: 'escalate', why: 'whoever fills the node has to be moved' }],
    never: [{ action: 'resources', why: 'the limit is not reached' }, notTheRelease],
    owner: 'infrastructure',
  },
  ephemeral_storage: {
    folds: ['crash_on_start'],
    cures: [
      rollBack('the earlier revision wrote less'),
      { action: 'resources', why: 'allow more ephemeral storage, or write less' },
      { action: 'manual', why: 'give the volume a higher sizeLimit, or write less to it' },
    ],
    never: [{ action: 'restart', why: 'the disk fills again' }],
    owner: 'service',
  },
  disk_full: {
    folds: ['bad_release', 'crash_on_start', 'readiness_misconfig'],
    cures: [{ action: 'manual', why: 'free space, or give the volume more' }],
    never: [{ action: 'restart', why: 'the disk stays full, and the service may not start again' }, notTheRelease, moreFail],
    owner: 'database',
  },
  fd_exhaustion: {
    // Without a descriptor no probe is answered.
    folds: ['liveness_too_aggressive'],
    cures: [{ action: 'pod', why: 'capture, then replace the pod: the leak starts over with all descriptors free' }],
    never: [moreFail],
    owner: 'service',
  },
  single_bad_pod: {
    folds: ['cpu_throttling'],
    cures: [{ action: 'pod', why: 'capture it, then delete it: its peers are well, so a new one will be' }],
    never: [
      { action: 'scale', why: 'the bad pod stays' },
      { action: 'rollback', why: 'its peers of the same revision are well' },
    ],
    owner: 'service',
  },
}
