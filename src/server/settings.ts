import { UsageError } from '../errors.ts'
import { checkBlocked } from './http/block-list.ts'
import { type SettingEntry, settingTable } from './setting-table.ts'
import { toolLimitsOf } from './tool-limits.ts'

/** What a server is started with. Durations are seconds, sizes bytes. Defaults are in setting-table.ts. */
export interface Settings {
  host: string
  port: number
  adminHost: string
  adminPort: number
  publicUrl: string
  tlsCertificate: string
  tlsKey: string
  databasePath: string
  databaseMaxBytes: number
  databaseUrl: string
  databasePoolSize: number
  databaseConnectTimeout: number
  databaseStatementTimeout: number
  slowQuery: number
  healthInterval: number
  tokenFile: string
  tokens: string
  jwtIssuer: string
  jwtAudience: string
  jwtKeysUrl: string
  allowAnonymous: boolean
  allowedHosts: readonly string[]
  allowedOrigins: readonly string[]
  maxBodyBytes: number
  maxDepth: number
  maxBatch: number
  maxInFlight: number
  requestTimeout: number
  rateLimit: number
  rateBurst: number
  addressRateLimit: number
  initializeLimit: number
  toolLimits: readonly string[]
  authFailureLimit: number
  blockedAddresses: readonly string[]
  blockedPrincipals: readonly string[]
  maxSessions: number
  sessionIdle: number
  maxStreams: number
  maxStreamsPerPrincipal: number
  streamHeartbeat: number
  streamLifetime: number
  streamBufferBytes: number
  drainDelay: number
  drainTimeout: number
  webhookUrl: string
  webhookMode: string
  webhookTimeout: number
  webhookBreakerFailures: number
  webhookBreakerReset: number
  reloadInterval: number
  otlpEndpoint: string
  otlpHeaders: string
  otlpResource: string
  serviceName: string
  tracePercent: number
  logLevel: string
}

/** A layer of raw values by dashed name, as a flag parser, the environment or a file gives them. */
export type RawSettings = Readonly<Record<string, unknown>>

const entries = settingTable

/** `rate-limit` to `rateLimit`. */
export const keyOf = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

/** `rate-limit` to `TASK_MCP_RATE_LIMIT`. */
export const variableOf = (name: string): string => `TASK_MCP_${name.replaceAll('-', '_').toUpperCase()}`

/** Takes an environment and gives the settings layer found in it. An empty variable counts as not set. */
export function settingsFromEnv(env: Readonly<Record<string, string | undefined>>): RawSettings {
  const layer: Record<string, unknown> = {}
  for (const { name, also } of entries)
    for (const variable of also === undefined ? [variableOf(name)] : [also, variableOf(name)]) {
      const value = env[variable]
      if (value !== undefined && value !== '') layer[name] = value
    }
  return layer
}

/**
 * Takes layers, strongest first (flags, environment, file), and gives complete settings.
 * @throws UsageError naming the setting, the value and what is expected.
 */
export function resolveSettings(...layers: readonly RawSettings[]): Settings {
  const result: Record<string, unknown> = {}
  for (const layer of layers) for (const name of Object.keys(layer)) refuseUnknown(name)
  for (const entry of entries) {
    const layer = layers.find((candidate) => candidate[entry.name] !== undefined && candidate[entry.name] !== null)
    result[keyOf(entry.name)] = layer === undefined ? entry.fallback : parseSetting(entry, layer[entry.name])
  }
  const settings = result as unknown as Settings
  checkTogether(settings)
  return settings
}

function refuseUnknown(name: string): void {
  if (entries.some((entry) => entry.name === name)) return
  throw new UsageError(`there is no server setting "${name}"`, 'see docs/server.md for the list, or task-mcp serve --help')
}

function parseSetting(entry: SettingEntry, value: unknown): unknown {
  const wrong = (expected: string): UsageError =>
    new UsageError(
      `${entry.name} is ${entry.secret ? 'not valid' : JSON.stringify(value)}: expected ${expected}`,
      `give --${entry.name} or ${variableOf(entry.name)}`,
    )
  switch (entry.kind) {
    case 'text':
      if (typeof value === 'string' || typeof value === 'number') return String(value)
      throw wrong('text')
    case 'flag':
      if (value === true || value === 'true' || value === '1' || value === '') return true
      if (value === false || value === 'false' || value === '0') return false
      throw wrong('true or false')
    case 'list':
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
      if (typeof value === 'string')
        return value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      throw wrong('a list, or words with commas between them')
    case 'number':
      return parseNumber(value, {}, () => wrong('a whole number'), true)
    case 'bytes':
      return parseNumber(value, { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }, () => wrong('a size such as 512KiB or 64MiB'), true)
    case 'duration':
      return parseNumber(value, { ms: 0.001, s: 1, m: 60, h: 3600 }, () => wrong('a duration such as 500ms, 30s or 5m'), false)
  }
}

function parseNumber(value: unknown, units: Record<string, number>, wrong: () => UsageError, whole: boolean): number {
  const match = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(value).trim())
  const unit = match?.[2] === '' ? 1 : units[match?.[2] ?? '?']
  const number = unit === undefined ? Number.NaN : Number(match?.[1]) * unit
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number)) || number < -1) throw wrong()
  return number
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])

function checkTogether(settings: Settings): void {
  if (!['debug', 'info', 'warn', 'error'].includes(settings.logLevel))
    throw new UsageError(`log-level is "${settings.logLevel}"`, 'use debug, info, warn or error')
  if (!['after', 'before'].includes(settings.webhookMode))
    throw new UsageError(`webhook-mode is "${settings.webhookMode}"`, 'use after (tell it of each change) or before (ask it first)')
  for (const [name, url] of [
    ['webhook-url', settings.webhookUrl],
    ['public-url', settings.publicUrl],
    ['jwt-issuer', settings.jwtIssuer],
    ['jwt-keys-url', settings.jwtKeysUrl],
  ] as const)
    if (url !== '' && !URL.canParse(url)) throw new UsageError(`${name} is not a URL: ${url}`, 'write it in full, with http:// or https://')
  if ((settings.tlsCertificate === '') !== (settings.tlsKey === ''))
    throw new UsageError('tls-certificate and tls-key belong together', 'give both, or neither')
  if (settings.jwtIssuer !== '' && settings.publicUrl === '')
    throw new UsageError(
      'jwt-issuer needs public-url',
      'clients must be told which URL their tokens are for: give --public-url https://HOST/mcp',
    )
  if (settings.databaseUrl !== '' && !/^postgres(ql)?:\/\//.test(settings.databaseUrl))
    throw new UsageError(
      'database-url does not begin with postgres://',
      'give postgres://user:password@host:5432/name, or --database-path for SQLite',
    )
  toolLimitsOf(settings.toolLimits)
  if (settings.tracePercent < 0 || settings.tracePercent > 100)
    throw new UsageError(`trace-percent is ${settings.tracePercent}`, 'give a number from 0 to 100')
  checkBlocked(settings)
  const authenticated = settings.tokenFile !== '' || settings.tokens !== '' || settings.jwtIssuer !== ''
  if (!authenticated && !settings.allowAnonymous && !loopback.has(settings.host))
    throw new UsageError(
      `serving on ${settings.host} without authentication would give everybody who can reach it every task`,
      'give --token-file or TASK_MCP_TOKENS, or say --allow-anonymous if that is what you want',
    )
}
