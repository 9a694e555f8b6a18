/** Settings and credentials that were changed. */
import { type KnownCauses, notTheRelease } from './words.ts'

export const configuration: KnownCauses = {
  config_change: {
    folds: ['liveness_too_aggressive', 'liveness_misconfig', 'readiness_misconfig', 'crash_on_start', 'bad_release', 'rollout_stuck'],
    cures: [{ action: 'config', why: 'restore the earlier value, then restart so that the pods read it' }],
    never: [{ action: 'rollback', why: 'the template is the same; an older revision reads the same ConfigMap' }],
    owner: 'service',
  },
  stale_credentials: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'readiness_misconfig',
      'crash_on_start',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'external_dependency',
    ],
    cures: [{ action: 'restart', why: 'new pods read the credentials that are now in the Secret' }],
    never: [notTheRelease],
    owner: 'service',
  },
  corrupt_credentials: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'readiness_misconfig',
      'crash_on_start',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'external_dependency',
    ],
    cures: [{ action: 'manual', why: 'their owner puts the credentials back from where they are kept; then restart' }],
    never: [{ action: 'restart', why: 'new pods read the same wrong credentials' }, notTheRelease],
    owner: 'security',
  },
  rbac_denied: {
    folds: ['liveness_too_aggressive', 'liveness_misconfig', 'readiness_misconfig', 'crash_on_start', 'bad_release', 'config_change'],
    cures: [{ action: 'manual', why: 'give the service account its RoleBinding back' }],
    never: [{ action: 'restart', why: 'the account stays without the right' }, notTheRelease],
    owner: 'security',
  },
}
