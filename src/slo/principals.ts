/** Names behind the hashes that the server's metrics and log have for who asked. */
import { createHash } from 'node:crypto'

/** Labels of `principal_bad_requests_total` that are nobody's hash. */
const groups: Readonly<Record<string, string>> = { _other: 'all others', _unknown: 'not known who' }

/** The server's name for everybody, where it asks for no credentials. */
const withoutCredentials = 'anonymous'

/** How the server hides a name: eight characters of a SHA-256. */
export function tagOf(name: string): string {
  return createHash('sha256').update(`principal:${name}`).digest('hex').slice(0, 8)
}

/** How somebody is shown, by the `principal` label of a series: `name (hash)`, or the hash alone where the name was not told. */
export type WhoIs = (label: string) => string

/** Takes the text of a token file, or of a list of names: the first word of each line is a name, and nothing else is looked at. */
export function principalsIn(text: string): WhoIs {
  const names = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s/, 1)[0]!)
  const byTag = new Map([withoutCredentials, ...names].map((name) => [tagOf(name), name]))
  return (label) => {
    const name = byTag.get(label)
    return groups[label] ?? (name === undefined ? label : `${name} (${label})`)
  }
}
