/** Limit: one of the server's limits, or a number of its circuit breaker, while it runs. */
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { listIn, liveFile, planFile } from './live-settings.ts'
import type { Look } from './look.ts'
import { named, type Plan } from './plan.ts'

type Unit = 'number' | 'bytes' | 'duration'

/** The settings that the server takes while it runs, as `task-mcp serve --help` has them; a test compares the two. */
export const liveLimits: Readonly<Record<string, Unit>> = {
  'slow-query': 'duration',
  'max-body-bytes': 'bytes',
  'max-depth': 'number',
  'max-batch': 'number',
  'max-in-flight': 'number',
  'request-timeout': 'duration',
  'rate-limit': 'number',
  'rate-burst': 'number',
  'address-rate-limit': 'number',
  'initialize-limit': 'number',
  'auth-failure-limit': 'number',
  'max-sessions': 'number',
  'session-idle': 'duration',
  'max-streams': 'number',
  'max-streams-per-principal': 'number',
  'stream-lifetime': 'duration',
  'stream-buffer-bytes': 'bytes',
  'webhook-breaker-failures': 'number',
  'webhook-breaker-reset': 'duration',
}

const units: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  number: { '': 1 },
  bytes: { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  duration: { '': 1, ms: 0.001, s: 1, m: 60, h: 3600 },
}
const examples: Readonly<Record<Unit, string>> = { number: '100', bytes: '512KiB or 64MiB', duration: '500ms, 30s or 5m' }

/** Limits at which nobody gets through; 0 means "no limit" for the others. */
const closes = new Set(['max-in-flight', 'max-sessions', 'max-streams', 'max-streams-per-principal', 'max-body-bytes', 'request-timeout'])

/** Set a limit of the service's own server (`rate-limit`, `100`). UsageError for what is no limit or no value of it. */
export async function planLimit(look: Look, setting: string, value: string, why: string): Promise<Plan> {
  const unit = Object.hasOwn(liveLimits, setting) ? liveLimits[setting]! : undefined
  if (unit === undefined) {
    const names = Object.keys(liveLimits)
    const meant = nearest(setting, names)
    throw new UsageError(
      `the server has no limit "${setting}" that can change while it runs`,
      `${meant ? `did you mean ${meant}?  ` : ''}they are ${names.join(', ')}`,
    )
  }
  const number = limitValue(unit, value)
  if (number === undefined) throw new UsageError(`${setting} is no "${value}"`, `give ${examples[unit]}`)
  const live = await liveFile(look)
  const before = listOrText(live.document.get(setting))
  const plan = await planFile(look, 'limit', live, setting, unit === 'number' ? number : value, number)
  const what = named(live.workload.kind, live.workload.name)
  const filled: Plan = {
    ...plan,
    summary: `set ${setting} of ${what} to ${value}`,
    from: before ?? 'not in the file: the default',
    to: value,
    why,
  }
  if (number === 0 && closes.has(setting)) filled.objections.push({ code: 'closes_service', why: `${setting} 0 lets nobody through` })
  if (listIn(live.document, 'blocked-principals').length === 0 && /^(rate-limit|rate-burst)$/.test(setting))
    filled.warnings.push('it holds for every principal; one that asks too much is kept out with task-mcp block add')
  return plan.writes[0]!.fields.length === 0
    ? { ...filled, writes: [], nudges: [], already: `${setting} of ${what} is ${value} in the file already` }
    : filled
}

/** Seconds, bytes or a count; undefined for anything else. */
export function limitValue(unit: Unit, text: string): number | undefined {
  const [, digits, word = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? []
  const factor = units[unit][word]
  const value = digits === undefined || factor === undefined ? undefined : Number(digits) * factor
  return value === undefined || (unit !== 'duration' && !Number.isInteger(value)) ? undefined : value
}

const listOrText = (value: unknown): string | undefined => (value === undefined || value === null ? undefined : String(value))
