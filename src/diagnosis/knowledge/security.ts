/** Attacks, and what looks like one. */
import type { KnownCauses } from './words.ts'

export const security: KnownCauses = {
  brute_force: {
    cures: [
      { action: 'block', why: 'one source is behind it' },
      { action: 'escalate', why: 'it is a security incident' },
    ],
    never: [{ action: 'restart', why: 'it forgets the limits that hold the source back' }],
    owner: 'security',
  },
  auth_config: {
    cures: [{ action: 'config', why: 'restore the keys that clients were given' }],
    never: [{ action: 'block', why: 'the clients are the right ones' }],
    owner: 'security',
  },
}
