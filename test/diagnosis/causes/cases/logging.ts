import { ago, type Change } from '../../../support/snapshot.ts'
import { chosen, release } from '../../../support/snapshot-changes.ts'
import type { Case } from '../case.ts'

/** Two hundred lines within so many seconds. */
const writes =
  (seconds: number): Change =>
  (s) => {
    s.logs = [
      {
        pod: chosen(s, 'new')[0]!.metadata.name,
        container: 'main',
        previous: false,
        truncated: true,
        lines: Array.from({ length: 200 }, (_, i) => ({
          time: ago(((200 - i) / 200) * (seconds / 60)),
          text: i % 10 ? `cell ${i} of row 17 looked at` : `row ${i} done in 3 ms`,
        })),
      },
    ]
  }

export const cases: Case[] = [
  {
    code: 'log_spam',
    what: 'since a release every step is written down',
    subject: 'Deployment/kestrel',
    remedy: 'rollback',
    runbook: 'cpu-issues',
    fault: [release((_, main) => void main.env!.push({ name: 'VERBOSE', value: 'true' })), writes(1)],
    without: [writes(50)],
    instead: 'none',
  },
]
