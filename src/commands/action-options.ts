/** The options that every action has. */
import type { CommandEntry, GlobalOptions, OptionEntry } from './entry.ts'
import { serviceOptions } from './options.ts'

export interface ActionOptions extends GlobalOptions {
  readonly dryRun: boolean
  readonly yes: boolean
  readonly despite?: readonly string[]
  /** Seconds. */
  readonly wait?: number
  /** Seconds. */
  readonly observe?: number
  readonly autoUndo: boolean
  readonly why?: string
  readonly planOut?: string
  readonly plan?: string
  readonly signWith?: string
  /** Seconds that a plan file is good for. */
  readonly validFor?: number
}

export const actionOptions: readonly OptionEntry[] = [
  { flags: '--dry-run', summary: "show the plan and the API server's answer to it, change nothing" },
  { flags: '-y, --yes', summary: 'do not ask; it answers "are you sure", it never chooses what' },
  { flags: '--despite <code>', summary: 'go on in spite of an objection (its code) or a failing gate ("gate")', repeat: true },
  { flags: '--wait <duration>', summary: 'how long to wait until it has come true; 0s does not wait', kind: 'duration' },
  {
    flags: '--observe <duration>',
    summary: 'how long to watch errors, latency and saturation afterwards; 30s when not said',
    kind: 'duration',
  },
  { flags: '--auto-undo', summary: 'take the change back when it does not come true, or makes something worse' },
  { flags: '--why <text>', summary: 'why, for the run record and whoever reads it' },
  {
    flags: '--plan-out <file>',
    summary: 'write the plan into a signed file, for a second person to approve, and change nothing',
    completes: 'file',
  },
  { flags: '--plan <file>', summary: 'apply the plan in this file, which somebody else has approved', completes: 'file' },
  { flags: '--sign-with <file>', summary: 'with --plan-out: your Ed25519 key, as ssh or PEM', completes: 'file' },
  { flags: '--valid-for <duration>', summary: 'with --plan-out: how long the plan is good; 1h when not said', kind: 'duration' },
  ...serviceOptions,
]

export const actionExits: CommandEntry['exits'] = {
  0: 'done and verified, already so, or a dry run that would be taken',
  3: 'a gate stopped it: a new pod could not start',
  4: 'not permitted, or refused by the API server',
  6: 'applied but not verified, or the object changed since the plan',
  7: 'declined, or --yes is needed, or it would not help',
}
