/** JSON logs, one object a line. What a line carries is decided by the caller; secrets are never handed in. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** True when a line of this level would be written: lets a hot path skip building its fields. */
  enabled(level: LogLevel): boolean
  setLevel(level: LogLevel): void
}

export type LogFields = Readonly<Record<string, unknown>>

const order: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 }

/** Takes where lines go (without newline) and the clock in milliseconds. Gives a log that starts at `level`. */
export function createLog(write: (line: string) => void, now: () => number, level: LogLevel): Log {
  let least = order[level]
  const at = (name: LogLevel) => (message: string, fields?: LogFields) => {
    if (order[name] < least) return
    write(JSON.stringify({ time: new Date(now()).toISOString(), level: name, msg: message, ...fields }))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    enabled: (name) => order[name] >= least,
    setLevel: (name) => {
      least = order[name]
    },
  }
}

/** What an unknown thrown value says, in one line, without a stack. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
