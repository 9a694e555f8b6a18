/** What escalating leaves in the run record: who was told how, who has answered, what somebody said. Read back without an open incident. */
import type { NoticeOutcome } from '../targets/ports.ts'

/** In place of a contact, for the channels that hear of every escalation. */
export const everybody = 'everybody'

interface About {
  id: string
  /** `context/namespace/workload`. */
  service: string
  /** RFC 3339: which trouble this is about. */
  onset: string
}

export type NoticeEntry =
  | (About & {
      type: 'notified'
      level: number
      contact: string
      name: string
      channel: string
      outcome: NoticeOutcome
      said: string
      tries: number
      dedupKey: string
    })
  | (About & { type: 'acknowledged'; level: number; contact: string; who: string; when: string })
  | (About & { type: 'said'; fact: string; holds: boolean })
