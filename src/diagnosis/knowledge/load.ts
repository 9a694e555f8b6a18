/** More asked than can be answered: traffic and streams. */
import { type KnownCauses, notTheRelease, rollBack } from './words.ts'

export const load: KnownCauses = {
  traffic_surge: {
    folds: ['cpu_throttling', 'hpa_capped', 'pool_exhausted'],
    cures: [
      { action: 'scale', why: 'more pods share the load' },
      { action: 'limit', why: 'shed what cannot be served' },
    ],
    never: [{ action: 'restart', why: 'it takes capacity away while it lasts' }, notTheRelease],
    owner: 'service',
  },
  retry_storm: {
    folds: ['traffic_surge', 'cpu_throttling', 'hpa_capped', 'pool_exhausted', 'rate_limit_misconfig'],
    cures: [
      { action: 'limit', why: 'shed what is asked again until the callers calm down' },
      { action: 'manual', why: 'let callers wait longer before each further try, and stop after a few' },
    ],
    never: [{ action: 'restart', why: 'every caller asks again at once, and finds fewer pods' }, notTheRelease],
    owner: 'service',
  },
  rate_limit_misconfig: {
    cures: [
      rollBack('the earlier revision had a limit that let callers through'),
      { action: 'config', why: 'restore the earlier limit, then restart where the pods read it once' },
    ],
    never: [
      { action: 'restart', why: 'new pods turn callers away just the same' },
      { action: 'block', why: 'the callers are the right ones' },
    ],
    owner: 'service',
  },
  log_spam: {
    folds: ['ephemeral_storage'],
    cures: [rollBack('the earlier revision wrote less'), { action: 'manual', why: 'raise the level from which lines are written' }],
    never: [{ action: 'scale', why: 'every further pod writes as much' }],
    owner: 'service',
  },
  stream_limit: {
    cures: [
      { action: 'limit', why: 'raise the stream limit within what memory allows' },
      { action: 'scale', why: 'more pods hold more streams' },
    ],
    never: [{ action: 'restart', why: 'every client reconnects at once' }],
    owner: 'service',
  },
  idle_timeout: {
    cures: [{ action: 'manual', why: 'let what stands before the service wait longer than the time between two messages of a stream' }],
    never: [
      { action: 'restart', why: 'the same streams are cut at the same age' },
      { action: 'scale', why: 'every pod stands behind the same time-out' },
      notTheRelease,
    ],
    owner: 'network',
  },
  session_affinity: {
    folds: ['stream_limit', 'recon_scan'],
    cures: [{ action: 'manual', why: 'keep callers with the pod that knows their session, or share the sessions among the pods' }],
    never: [
      { action: 'restart', why: 'it ends every session' },
      { action: 'scale', why: 'with more pods a caller meets its own still more rarely' },
    ],
    owner: 'service',
  },
  slow_consumers: {
    folds: ['memory_leak', 'stream_limit'],
    cures: [{ action: 'limit', why: 'close streams whose reader falls behind sooner; they can resume' }],
    never: [
      { action: 'restart', why: 'every client comes back at once, and the slow ones are as slow' },
      { action: 'resources', why: 'more memory only lets more wait' },
    ],
    owner: 'service',
  },
  stream_leak: {
    cures: [{ action: 'limit', why: 'close idle streams sooner' }],
    never: [{ action: 'scale', why: 'the leak fills the new pods too' }],
    owner: 'service',
  },
}
