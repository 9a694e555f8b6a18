/** JSON logs, one object a line. What a line carries is decided by the caller; secrets are never handed in. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same for a hot path: the fields are JSON already, as `asJson` and `quoted` make it, each with a comma before it. */
  line(level: LogLevel, message: string, json: string): void
  /** True when a line of this level would be written: lets a hot path skip building its fields. */
  enabled(level: LogLevel): boolean
  setLevel(level: LogLevel): void
}

export type LogFields = Readonly<Record<string, unknown>>

const order: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 }

let second = Number.NaN
let shown = ''

/** `2026-11-23T13:00:00.000Z`: up to the point it is made once a second. */
function timeOf(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000)
  if (whole !== second) {
    second = whole
    shown = new Date(whole * 1000).toISOString().slice(0, 20)
  }
  return `${shown}${String(Math.floor(milliseconds - whole * 1000)).padStart(3, '0')}Z`
}

/** What must be escaped in a JSON string, or is better left to those who know. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be escaped
const special = /["\\\u0000-\u001f\ud800-\udfff]/

/** A text as a JSON string. */
export const quoted = (text: string): string => (special.test(text) ? JSON.stringify(text) : `"${text}"`)

/** The fields as JSON has them, each with a comma before it. Most values are plain. */
export function asJson(fields: LogFields | undefined): string {
  let text = ''
  for (const name in fields) {
    const value = fields[name]
    if (value === undefined) continue
    if (typeof value === 'string') text += `,"${name}":${quoted(value)}`
    else text += `,"${name}":${Number.isFinite(value) ? value : JSON.stringify(value)}`
  }
  return text
}

/** Takes where lines go (without newline) and the clock in milliseconds. Gives a log that starts at `level`. */
export function createLog(write: (line: string) => void, now: () => number, level: LogLevel): Log {
  let least = order[level]
  const enabled = (name: LogLevel): boolean => order[name] >= least
  const put = (name: LogLevel, message: string, json: string): void =>
    write(`{"time":"${timeOf(now())}","level":"${name}","msg":${quoted(message)}${json}}`)
  const at = (name: LogLevel) => (message: string, fields?: LogFields) => {
    if (enabled(name)) put(name, message, asJson(fields))
  }
  return {
    line: (name, message, json) => {
      if (enabled(name)) put(name, message, json)
    },
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    enabled,
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
