/** Pods that the API server refuses to create. */
import { cannotRun, type KnownCauses, moreFail, notTheRelease, podsAreLost, rollBack } from './words.ts'

export const refused: KnownCauses = {
  quota_exceeded: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [{ action: 'manual', why: 'raise the quota, or free what others use of it' }],
    never: [podsAreLost, { action: 'scale', why: 'the quota refuses further pods' }, notTheRelease],
    owner: 'platform',
  },
  quota_requires_limits: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [
      { action: 'resources', why: 'state the requests and limits that the quota asks for' },
      rollBack('the earlier revision stated them'),
    ],
    never: [podsAreLost, moreFail],
    owner: 'service',
  },
  limit_range_violation: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [{ action: 'resources', why: 'ask for what the LimitRange allows' }, rollBack('the earlier revision kept within it')],
    never: [podsAreLost],
    owner: 'service',
  },
  admission_psa: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [
      rollBack('the earlier revision was allowed'),
      { action: 'manual', why: 'give the pods the securityContext that the level wants, or set the level that was agreed' },
    ],
    never: [podsAreLost, moreFail],
    owner: 'security',
  },
  admission_webhook_down: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [{ action: 'escalate', why: 'the webhook must answer again, or its owner sets failurePolicy Ignore' }],
    never: [podsAreLost, moreFail, notTheRelease],
    owner: 'platform',
  },
  admission_webhook_denied: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [rollBack('the earlier revision was allowed'), { action: 'manual', why: 'change what the policy objects to' }],
    never: [podsAreLost],
    owner: 'platform',
  },
  admission_mutation: {
    folds: [
      ...cannotRun,
      'image_not_found',
      'image_pull_auth',
      'bad_command',
      'missing_env',
      'missing_secret',
      'missing_configmap',
      'missing_config_key',
      'unschedulable_resources',
      'unschedulable_selector',
      'unschedulable_antiaffinity',
      'port_conflict',
      'memory_limit_low',
      'memory_leak',
      'sidecar_oom',
      'init_dependency_hang',
    ],
    cures: [{ action: 'escalate', why: 'what changes the pods on their way in has to leave them whole; its owners know why it does not' }],
    never: [podsAreLost, notTheRelease],
    owner: 'platform',
  },
  service_account_missing: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [rollBack('the earlier revision uses an account that exists'), { action: 'manual', why: 'create the ServiceAccount' }],
    never: [podsAreLost, moreFail],
    owner: 'service',
  },
  priority_class_missing: {
    folds: ['rollout_stuck'],
    cures: [
      rollBack('the earlier revision uses a class that exists'),
      { action: 'manual', why: 'create the PriorityClass, or correct its name' },
    ],
    never: [podsAreLost],
    owner: 'release',
  },
  runtime_class_missing: {
    folds: ['rollout_stuck'],
    cures: [
      rollBack('the earlier revision uses a class that exists'),
      { action: 'manual', why: 'create the RuntimeClass, or correct its name' },
    ],
    never: [podsAreLost],
    owner: 'release',
  },
}
