/** How many pods there should be, and how a new revision reaches them. */
import { cannotRun, type KnownCauses, moreFail, restartFails, rollBack } from './words.ts'

export const rollout: KnownCauses = {
  scaled_to_zero: {
    folds: ['service_selector_mismatch', 'service_target_port', 'hpa_no_metrics', 'telemetry_gap', 'rollout_paused'],
    cures: [{ action: 'scale', why: 'pods have to be asked for before any can serve' }],
    never: [
      { action: 'restart', why: 'there is nothing to restart' },
      { action: 'rollback', why: 'every revision has 0 replicas' },
    ],
    owner: 'service',
  },
  rollout_paused: {
    folds: [
      ...cannotRun,
      'missing_env',
      'bad_command',
      'missing_config_key',
      'missing_configmap',
      'missing_secret',
      'image_not_found',
      'memory_limit_low',
      'readiness_misconfig',
    ],
    cures: [{ action: 'resume', why: 'the template that waits can then reach the pods' }],
    never: [
      { action: 'restart', why: 'a paused Deployment does not roll' },
      { action: 'rollback', why: 'a paused Deployment cannot be rolled back' },
    ],
    owner: 'release',
  },
  rollout_stuck: {
    cures: [rollBack('the earlier revision was available'), { action: 'escalate', why: 'the reason is not known yet' }],
    never: [restartFails],
    owner: 'release',
  },
  rollout_strategy: {
    cures: [{ action: 'manual', why: 'use RollingUpdate with maxUnavailable below the replica count' }],
    never: [{ action: 'restart', why: 'it stops every pod at once again' }],
    owner: 'release',
  },
  hpa_no_metrics: {
    cures: [
      rollBack('the earlier revision states the requests that the autoscaler measures against'),
      { action: 'resources', why: 'state the resource requests that the autoscaler measures against' },
    ],
    never: [{ action: 'restart', why: 'new pods state no requests either' }],
    owner: 'service',
  },
  hpa_capped: {
    cures: [{ action: 'scale', why: 'raise the maximum of the autoscaler' }],
    never: [{ action: 'restart', why: 'it takes capacity away while it lasts' }],
    owner: 'service',
  },
  pdb_blocks: {
    cures: [
      { action: 'scale', why: 'one more replica lets one be evicted' },
      { action: 'manual', why: 'let the budget allow one disruption' },
    ],
    never: [{ action: 'restart', why: 'it does not empty the node' }],
    owner: 'service',
  },
  bad_release: {
    folds: ['rollout_stuck', 'crash_on_start', 'retry_storm'],
    cures: [{ action: 'rollback', why: 'the earlier revision served the same traffic without these errors' }],
    never: [{ action: 'restart', why: 'the same code fails again' }, moreFail],
    owner: 'release',
  },
  drift_reverted: {
    folds: [
      ...cannotRun,
      'image_not_found',
      'bad_command',
      'missing_env',
      'missing_secret',
      'missing_configmap',
      'missing_config_key',
      'readiness_misconfig',
      'memory_limit_low',
      'cpu_throttling',
      'scaled_to_zero',
    ],
    cures: [{ action: 'manual', why: 'change it where the controller takes it from, or let the controller leave the object alone first' }],
    never: [
      { action: 'rollback', why: 'it is taken back again' },
      { action: 'scale', why: 'it is taken back again' },
    ],
    owner: 'release',
  },
}
