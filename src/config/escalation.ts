/** The `escalation` setting: who is called, how, and when, read from what stands in task-mcp.yaml. Pure. */
import path from 'node:path'
import { parseDuration } from '../duration.ts'
import { nearest } from '../nearest.ts'
import type { ChannelSettings, ContactSettings, EscalationSettings, LevelSettings, SecretPlace, TriggerSettings } from '../settings.ts'
import type { Place, Read } from './read-value.ts'

/** Which fields a channel of each kind may have; the first of each is needed. */
export const channelFields = {
  slack: ['urlFile|urlEnv'],
  pagerduty: ['keyFile|keyEnv', 'tokenFile|tokenEnv', 'url', 'api'],
  opsgenie: ['keyFile|keyEnv', 'url'],
  email: ['host', 'port', 'tls', 'from', 'username', 'passwordFile|passwordEnv'],
  command: ['argv'],
} as const satisfies Record<ChannelSettings['kind'], readonly string[]>

/** What a secret is called where somebody writes it straight into the file. */
const bareSecrets = /^(url|key|token|password|webhook|apiKey|routingKey|integrationKey)$/

class Wrong extends Error {}

/** Read the mapping below `escalation`. Gives a sentence with the place of the first thing that is wrong. */
export function readEscalation(raw: unknown, place: Place): Read {
  try {
    return { value: escalationOf(raw, place) }
  } catch (error) {
    if (error instanceof Wrong) return { wrong: error.message }
    throw error
  }
}

function escalationOf(raw: unknown, place: Place): EscalationSettings {
  const top = fields(raw, '', ['timeZone', 'channels', 'contacts', 'schedules', 'levels', 'tell'])
  const channels = mapped(top.channels, 'channels', (value, at) => channelOf(value, at, place))
  const schedules = mapped(top.schedules, 'schedules', (value, at) => file(text(value, at), place))
  const contacts = mapped(top.contacts, 'contacts', contactOf)
  const levels = list(top.levels, 'levels').map((level, index) => levelOf(level, `levels, number ${index + 1}`))
  const tell = words(top.tell, 'tell')
  const zone = top.timeZone === undefined ? 'UTC' : text(top.timeZone, 'timeZone')
  if (!isZone(zone)) throw new Wrong(`has a timeZone that is none, "${zone}": write a name such as Europe/Berlin`)
  for (const [id, { by, schedule }] of Object.entries(contacts)) {
    if (schedule !== undefined) known(schedule, Object.keys(schedules), `contacts.${id}.schedule`, 'schedule')
    for (const name of by) known(name, Object.keys(channels), `contacts.${id}.by`, 'channel')
  }
  for (const name of tell) known(name, Object.keys(channels), 'tell', 'channel')
  return { timeZone: zone, channels, contacts, schedules, levels, tell }
}

function channelOf(raw: unknown, at: string, place: Place): ChannelSettings {
  const kinds = Object.keys(channelFields) as ChannelSettings['kind'][]
  const record = fields(raw, at, undefined)
  const kind = kinds.find((one) => one === record.kind)
  if (!kind) throw new Wrong(`has ${at} without a kind that is known: ${kinds.join(', ')}`)
  const allowed = channelFields[kind].flatMap((name) => name.split('|'))
  for (const key of Object.keys(record))
    if (bareSecrets.test(key) && !allowed.includes(key))
      throw new Wrong(
        `has ${at}.${key}, which is a secret: put it into a file or a variable and name that with ${allowed.filter((name) => /File|Env/.test(name)).join(' or ') || 'the program itself'}`,
      )
  fields(raw, at, ['kind', 'timeout', ...allowed])
  const one = (key: string) => (record[key] === undefined ? undefined : text(record[key], `${at}.${key}`))
  const secretName = ({ slack: 'url', pagerduty: 'key', opsgenie: 'key', email: 'password', command: '' } as const)[kind]
  const secret = secretOf(record, secretName, at, place)
  if (kind !== 'email' && kind !== 'command' && !secret) throw new Wrong(`has ${at} without ${secretName}File or ${secretName}Env`)
  if (kind === 'email' && (one('host') === undefined || one('from') === undefined))
    throw new Wrong(`has ${at} without host and from, which e-mail needs`)
  const argv = words(record.argv, `${at}.argv`)
  if (kind === 'command' && argv.length === 0) throw new Wrong(`has ${at} without argv, the program and its arguments`)
  const tls = one('tls') ?? 'starttls'
  if (tls !== 'tls' && tls !== 'starttls' && tls !== 'none') throw new Wrong(`has ${at}.tls "${tls}"; it is tls, starttls or none`)
  const port = record.port === undefined ? undefined : Number(record.port)
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) throw new Wrong(`has ${at}.port that is no port`)
  return {
    kind,
    secret,
    token: secretOf(record, 'token', at, place),
    url: address(one('url'), `${at}.url`),
    api: address(one('api'), `${at}.api`),
    host: one('host'),
    port,
    tls,
    username: one('username'),
    from: one('from'),
    argv,
    timeoutSeconds: record.timeout === undefined ? 15 : seconds(record.timeout, `${at}.timeout`),
  }
}

function contactOf(raw: unknown, at: string): ContactSettings {
  const record = fields(raw, at, ['name', 'team', 'reach', 'by', 'schedule'])
  const one = (key: string) => (record[key] === undefined ? undefined : text(record[key], `${at}.${key}`))
  return { name: one('name'), team: one('team'), reach: one('reach'), by: words(record.by, `${at}.by`), schedule: one('schedule') }
}

function levelOf(raw: unknown, at: string): LevelSettings {
  const record = fields(raw, at, ['level', 'role', 'respondWithin', 'contacts', 'does', 'handsOverTo', 'handsOverWhen'])
  const level = Number(record.level)
  if (!Number.isInteger(level) || level < 1) throw new Wrong(`has ${at} without its number, level`)
  const contacts = words(record.contacts, `${at}.contacts`)
  if (contacts.length === 0) throw new Wrong(`has ${at} without contacts`)
  return {
    level,
    role: text(record.role, `${at}.role`),
    respondWithinSeconds: seconds(record.respondWithin, `${at}.respondWithin`),
    contacts,
    does: words(record.does, `${at}.does`),
    handsOverTo: words(record.handsOverTo, `${at}.handsOverTo`),
    handsOverWhen: list(record.handsOverWhen, `${at}.handsOverWhen`).map((one, index): TriggerSettings => {
      const where = `${at}.handsOverWhen, number ${index + 1}`
      const trigger = fields(one, where, ['fact', 'after', 'says'])
      const fact = text(trigger.fact, `${where}.fact`)
      return {
        fact,
        afterSeconds: trigger.after === undefined ? 0 : seconds(trigger.after, `${where}.after`),
        says: trigger.says === undefined ? fact.replaceAll('_', ' ') : text(trigger.says, `${where}.says`),
      }
    }),
  }
}

/** Whether the runtime knows this time zone. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function secretOf(record: Readonly<Record<string, unknown>>, name: string, at: string, place: Place): SecretPlace | undefined {
  const [inFile, inEnv] = [record[`${name}File`], record[`${name}Env`]]
  if (inFile !== undefined && inEnv !== undefined) throw new Wrong(`has ${at} with both ${name}File and ${name}Env; one is enough`)
  if (inFile !== undefined) return { file: file(text(inFile, `${at}.${name}File`), place) }
  return inEnv === undefined ? undefined : { env: text(inEnv, `${at}.${name}Env`) }
}

/** A record with these keys and no others; of any keys where none are named. */
function fields(raw: unknown, at: string, allowed: readonly string[] | undefined): Record<string, unknown> {
  if (raw === undefined || raw === null) return {}
  if (typeof raw !== 'object' || Array.isArray(raw)) throw new Wrong(`${at === '' ? 'must' : `has ${at}, which must`} be a mapping`)
  const record = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null))
  for (const key of allowed ? Object.keys(record) : []) {
    if (allowed?.includes(key)) continue
    const meant = nearest(key, allowed ?? [])
    throw new Wrong(
      `has ${at === '' ? '' : `${at}.`}${key}, which is not known there: ${meant ? `did you mean ${meant}?` : `it can be ${allowed?.join(', ')}`}`,
    )
  }
  return record
}

function mapped<T>(raw: unknown, at: string, read: (value: unknown, at: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(fields(raw, at, undefined)).map(([name, value]) => [name, read(value, `${at}.${name}`)]))
}

function list(raw: unknown, at: string): unknown[] {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) throw new Wrong(`has ${at}, which must be a list`)
  return raw
}

const words = (raw: unknown, at: string): string[] => list(raw, at).map((one) => text(one, at))

function text(raw: unknown, at: string): string {
  if ((typeof raw !== 'string' && typeof raw !== 'number') || String(raw).trim() === '') throw new Wrong(`has ${at}, which must be a text`)
  return String(raw)
}

function seconds(raw: unknown, at: string): number {
  const found = typeof raw === 'string' || typeof raw === 'number' ? parseDuration(String(raw)) : undefined
  if (!found) throw new Wrong(`has ${at}, which must be a duration such as 15m`)
  return found
}

function address(raw: string | undefined, at: string): string | undefined {
  if (raw !== undefined && !/^https?:\/\/[^/]/.test(raw)) throw new Wrong(`has ${at}, which must begin with http:// or https://`)
  return raw?.replace(/\/+$/, '')
}

const file = (name: string, place: Place): string =>
  name.startsWith('~/') ? path.join(place.home, name.slice(2)) : path.resolve(place.directory, name)

function known(name: string, names: readonly string[], at: string, what: string): void {
  if (names.includes(name)) return
  const meant = nearest(name, names)
  throw new Wrong(`has ${at} naming the ${what} "${name}", which is not there${meant ? `: did you mean ${meant}?` : ''}`)
}
