/** Pods that the API server refuses to create. */
import { type KnownCauses, moreFail, notTheRelease, podsAreLost, rollBack } from './words.ts'

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
    folds: ['rollout_stuck'],
    cures: [{ action: 'escalate', why: 'the webhook changes the pod into one that is not valid' }],
    never: [podsAreLost],
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
