/** What a command is, apart from what it does: help, completion, parsing and docs are all made from these. */
import type { Context } from '../context.ts'
import type { ExitCode } from '../errors.ts'

/** Help lists commands under these headings, in this order. */
export const groups = {
  look: 'Find out',
  act: 'Put right',
  slo: 'Objectives',
  incident: 'Incidents',
  runbook: 'Runbooks',
  server: 'The server',
  setup: 'Setting up',
} as const

export type Group = keyof typeof groups

/** How the text after a flag is read: `duration` gives seconds, `integer` and `number` a number, `ratio` 0..1 from `0.05` or `5%`. */
export type ValueKind = 'text' | 'duration' | 'integer' | 'number' | 'ratio'

/** What a shell can offer for a word. `runbook`, `context` and `namespace` are names of these, `command` a word of this table. */
export type Completes = 'file' | 'directory' | 'runbook' | 'context' | 'namespace' | 'command' | readonly string[]

export interface OptionEntry {
  /** As commander writes it: `-n, --namespace <name>`, `--record <file>`, `--dry-run`, `--no-color`. */
  readonly flags: string
  readonly summary: string
  readonly kind?: ValueKind
  /** The only values allowed. */
  readonly choices?: readonly string[]
  /** May be given several times; the command gets a list. */
  readonly repeat?: boolean
  readonly completes?: Completes
  /** Parsed and completed, but only shown by the help of a command where it matters. */
  readonly hidden?: boolean
}

export interface Example {
  readonly line: string
  readonly about: string
}

/** The options that every command is given. A flag that was not said is undefined (false for the two switches). */
export interface GlobalOptions {
  readonly json: boolean
  readonly verbose: boolean
  readonly color: boolean
  readonly config?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly namespace?: string
  /** Seconds. */
  readonly timeout?: number
}

/**
 * What a command module exports as `run`: the words after the command's name, and its options in camel case.
 * `options` is typed by the command; it is GlobalOptions and whatever its entry lists.
 */
export type Run = (context: Context, args: readonly string[], options: never) => Promise<ExitCode>

export interface CommandEntry {
  /** Name (one or more words), then `<needed>`, `[optional]` or `[several...]` words: `runbook show <name>`. */
  readonly usage: string
  /** One line for the list of commands; starts with a small verb, no full stop. */
  readonly summary: string
  readonly group: Group
  /** A paragraph or two for `--help`, where the summary leaves something open. */
  readonly about?: string
  /**
   * The words of `usage`, where the name does not say it all. `spelled` is another way to write a word that could be taken for the
   * rest of a longer command's name.
   */
  readonly words?: Readonly<Record<string, { about: string; completes?: Completes; spelled?: string }>>
  readonly options: readonly OptionEntry[]
  readonly examples: readonly Example[]
  /** What this command means by an exit code, where that is more special than the general list. */
  readonly exits?: Readonly<Partial<Record<ExitCode, string>>>
  /** false: the command speaks to no cluster, and has no --context, --kubeconfig, --namespace and --timeout. */
  readonly cluster?: false
  /** true: after a signal it stops by itself in its own time (a server drains), and has no deadline. */
  readonly stopsItself?: true
  readonly load: () => Promise<{ run: Run }>
}

/** The words a command is called by: `['runbook', 'show']`. */
export function nameOf(entry: CommandEntry): string[] {
  const words = entry.usage.split(' ')
  const end = words.findIndex((word) => /^[<[]/.test(word))
  return end < 0 ? words : words.slice(0, end)
}

/** The words that follow the name, as written in `usage`: `['<name>', '[file...]']`. */
export function argumentsOf(entry: CommandEntry): string[] {
  return entry.usage.split(' ').slice(nameOf(entry).length)
}

/** The flags of an option apart: `-n, --namespace <name>` is short `-n`, long `--namespace`, value `<name>`. */
export function flagParts(option: OptionEntry): { short: string | undefined; long: string; value: string | undefined } {
  const parts = option.flags.split(/,? +/)
  return {
    short: parts.find((part) => /^-[^-]/.test(part)),
    long: parts.find((part) => part.startsWith('--')) ?? '',
    value: parts.find((part) => /^[<[]/.test(part)),
  }
}
