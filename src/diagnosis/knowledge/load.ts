/** More asked than can be answered: traffic and streams. */
import { type KnownCauses, notTheRelease } from './words.ts'

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
  stream_limit: {
    cures: [
      { action: 'limit', why: 'raise the stream limit within what memory allows' },
      { action: 'scale', why: 'more pods hold more streams' },
    ],
    never: [{ action: 'restart', why: 'every client reconnects at once' }],
    owner: 'service',
  },
  stream_leak: {
    cures: [{ action: 'limit', why: 'close idle streams sooner' }],
    never: [{ action: 'scale', why: 'the leak fills the new pods too' }],
    owner: 'service',
  },
}
