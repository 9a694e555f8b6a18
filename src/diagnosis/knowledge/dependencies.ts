/** What the service needs and does not get. */
import { type KnownCauses, notTheRelease, rollBack } from './words.ts'

export const dependencies: KnownCauses = {
  dependency_down: {
    folds: [
      'crash_on_start',
      'init_dependency_hang',
      'external_dependency',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'cache_ineffective',
      'retry_storm',
      'dependency_slow',
      'readiness_misconfig',
      'liveness_too_aggressive',
      'rollout_stuck',
      'stale_credentials',
      'single_bad_pod',
      'netpol_ingress_block',
      'netpol_egress_block',
    ],
    cures: [
      { action: 'scale', why: 'the dependency has to run' },
      { action: 'escalate', why: 'its owners bring it back' },
    ],
    never: [{ action: 'restart', why: 'new pods find the same dependency down, and a herd of them slows its return' }, notTheRelease],
    owner: 'database',
  },
  dependency_slow: {
    folds: ['pool_exhausted', 'retry_storm'],
    cures: [{ action: 'escalate', why: 'what holds it up is found in the dependency, not here' }],
    never: [
      { action: 'restart', why: 'it only adds connections' },
      { action: 'scale', why: 'more pods ask a slow dependency for more' },
    ],
    owner: 'database',
  },
  external_dependency: {
    folds: ['bad_release', 'config_change'],
    cures: [
      { action: 'limit', why: 'a circuit breaker keeps its failures away from other requests' },
      { action: 'escalate', why: 'its operators have to bring it back' },
    ],
    never: [{ action: 'restart', why: 'it does not reach outside' }, notTheRelease],
    owner: 'provider',
  },
  cache_ineffective: {
    folds: ['dependency_slow', 'pool_exhausted', 'retry_storm'],
    cures: [
      rollBack('the earlier revision found what it looked for in the cache'),
      { action: 'manual', why: 'see what the keys are made of, how long they live, and how much room the cache has' },
    ],
    never: [
      { action: 'restart', why: 'it empties what the cache still holds' },
      { action: 'scale', why: 'more pods with empty caches ask still more of what is behind them' },
    ],
    owner: 'service',
  },
  pool_exhausted: {
    folds: ['bad_release'],
    cures: [
      rollBack('the earlier revision had a pool that was enough'),
      { action: 'config', why: 'restore the earlier size of the pool, then restart where the pods read it once' },
      { action: 'manual', why: 'raise the pool, within what the database allows' },
    ],
    never: [
      { action: 'scale', why: 'more pods take more connections of the same database' },
      { action: 'restart', why: 'the pool fills again' },
    ],
    owner: 'service',
  },
}
