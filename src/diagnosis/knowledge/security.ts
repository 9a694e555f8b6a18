/** Attacks, and what looks like one. */
import { type KnownCauses, rollBack } from './words.ts'

export const security: KnownCauses = {
  brute_force: {
    cures: [
      { action: 'block', why: 'one source is behind it' },
      { action: 'escalate', why: 'it is a security incident' },
    ],
    never: [{ action: 'restart', why: 'it forgets the limits that hold the source back' }],
    owner: 'security',
  },
  credential_stuffing: {
    cures: [
      { action: 'limit', why: 'fewer tries for everybody slow down many sources at once' },
      { action: 'escalate', why: 'lists of stolen passwords are being tried: those that fit have to be changed' },
    ],
    never: [
      { action: 'block', why: 'each address tries a few times only, and the next one is already there' },
      { action: 'restart', why: 'it forgets the limits that hold the sources back' },
    ],
    owner: 'security',
  },
  recon_scan: {
    cures: [
      { action: 'limit', why: 'fewer questions from one source make the search slow' },
      { action: 'escalate', why: 'what comes after a search is an attack' },
    ],
    never: [
      { action: 'restart', why: 'it forgets the limits that hold the source back' },
      { action: 'scale', why: 'nothing is short; it would answer more of them' },
    ],
    owner: 'security',
  },
  secret_in_logs: {
    cures: [
      rollBack('the earlier revision did not write it'),
      { action: 'manual', why: 'change the credential, since it was read; then take the line out of the program' },
    ],
    never: [{ action: 'restart', why: 'the line is written again, and the log has been copied already' }],
    owner: 'security',
  },
  auth_config: {
    cures: [rollBack('the earlier revision let them in'), { action: 'config', why: 'restore the keys that clients were given' }],
    never: [{ action: 'block', why: 'the clients are the right ones' }],
    owner: 'security',
  },
}
