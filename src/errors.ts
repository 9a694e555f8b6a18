/**
 * Expected trouble, each with the exit code it becomes and the sentence that says what to do next.
 * Anything that is not one of these is a bug of ours and keeps its stack.
 */

/** Exit codes: an API for scripts and CI. Add, never reuse. */
export const exit = {
  ok: 0,
  bug: 1,
  usage: 2,
  findings: 3,
  denied: 4,
  unknown: 5,
  unverified: 6,
  declined: 7,
  interrupted: 130,
} as const

export type ExitCode = (typeof exit)[keyof typeof exit]

/** Trouble that a person can act on: what happened (message) and what to do next. */
export class ExpectedError extends Error {
  readonly exitCode: ExitCode
  readonly next: string | undefined
  constructor(message: string, exitCode: ExitCode, next?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.exitCode = exitCode
    this.next = next
  }
}

/** The command line, the configuration or an input file is wrong; nothing was touched. */
export class UsageError extends ExpectedError {
  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, exit.usage, next, options)
  }
}

/** The cluster or a service refused us; `next` carries the rule or credential that would change that. */
export class DeniedError extends ExpectedError {
  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, exit.denied, next, options)
  }
}

/** A target did not answer, or not in a form we can use. */
export class UnreachableError extends ExpectedError {
  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, exit.unknown, next, options)
  }
}

/** The named thing is not there. */
export class AbsentError extends ExpectedError {
  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, exit.unknown, next, options)
  }
}

/** Somebody pressed Ctrl-C, or the process was told to stop. */
export class InterruptedError extends ExpectedError {
  constructor(message = 'interrupted') {
    super(message, exit.interrupted)
  }
}

/** What a plan rests on has changed since it was made, or somebody else changed the object first; nothing was applied. */
export class MovedError extends ExpectedError {
  constructor(message: string, next?: string, options?: ErrorOptions) {
    super(message, exit.unverified, next, options)
  }
}

/** The API server understood a write and refused it: quota, Pod Security, a webhook, validation. `reason` is the API's own word. */
export class RefusedError extends ExpectedError {
  readonly reason: string
  constructor(message: string, reason: string, next?: string, options?: ErrorOptions) {
    super(message, exit.denied, next, options)
    this.reason = reason
  }
}
