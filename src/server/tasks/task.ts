/** The words of the domain, as clients see them. Times are ISO 8601 in UTC. */

export const priorities = ['low', 'normal', 'high', 'urgent'] as const
export type Priority = (typeof priorities)[number]
export type Status = 'open' | 'completed'

export interface Task {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly status: Status
  readonly priority: Priority
  readonly labels: readonly string[]
  readonly dueAt: string | null
  readonly dependsOn: readonly string[]
  /** True while a task that this one depends on is open. */
  readonly blocked: boolean
  /** Who works on it now, and until when that holds without a heartbeat. */
  readonly claim: { readonly by: string; readonly until: string } | null
  /** Grows by one with every change; an update names the version that it saw. */
  readonly version: number
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  readonly updatedBy: string
  readonly completedAt: string | null
  readonly completedBy: string | null
}

export interface Comment {
  readonly id: string
  readonly taskId: string
  readonly author: string
  readonly body: string
  readonly createdAt: string
}

export interface HistoryEntry {
  readonly sequence: number
  readonly version: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly changes: Readonly<Record<string, unknown>>
}

export type RefusalCode = 'not_found' | 'version_conflict' | 'claimed' | 'blocked' | 'lease_lost' | 'cycle' | 'invalid' | 'key_reused'

/** The request is understood and cannot be done as things are. The message says what is the matter and what to do next. */
export class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }
}
