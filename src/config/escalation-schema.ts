/** The JSON Schema of the `escalation` setting, for editors. */
import type { ChannelSettings } from '../settings.ts'
import { channelFields } from './escalation.ts'

type Schema = Record<string, unknown>

const text = { type: 'string' }
const words = { type: 'array', items: text }
const duration = { type: ['string', 'number'], pattern: '^(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h|d|w))+)$' }
const record = (properties: Record<string, unknown>, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length > 0 ? { required } : {}),
  properties,
})

/** The schema of the mapping below `escalation`. */
export function escalationSchema(): Schema {
  return record({
    timeZone: { ...text, description: 'IANA name, for example Europe/Berlin' },
    channels: { type: 'object', additionalProperties: { oneOf: Object.keys(channelFields).map((kind) => channel(kind as never)) } },
    contacts: { type: 'object', additionalProperties: record({ name: text, team: text, reach: text, by: words, schedule: text }) },
    schedules: { type: 'object', additionalProperties: { ...text, description: 'file: .ics, or YAML with layers' } },
    levels: {
      type: 'array',
      items: record(
        {
          level: { type: 'integer', minimum: 1 },
          role: text,
          respondWithin: duration,
          contacts: words,
          does: words,
          handsOverTo: words,
          handsOverWhen: { type: 'array', items: record({ fact: text, after: duration, says: text }, ['fact']) },
        },
        ['level', 'role', 'respondWithin', 'contacts'],
      ),
    },
    tell: words,
  })
}

function channel(kind: ChannelSettings['kind']): Schema {
  const names = channelFields[kind].flatMap((name) => name.split('|'))
  const of = (name: string): Schema =>
    name === 'argv' ? words : name === 'port' ? { type: 'integer' } : name === 'tls' ? { enum: ['tls', 'starttls', 'none'] } : text
  return record({ kind: { const: kind }, timeout: duration, ...Object.fromEntries(names.map((name) => [name, of(name)])) }, ['kind'])
}
