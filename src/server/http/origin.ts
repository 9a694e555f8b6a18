import type { IncomingMessage } from 'node:http'
import { HttpRefusal } from './refusal.ts'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** What may be in Host and Origin. `publicHost` is the host of the public URL, or empty. */
export interface AllowedOrigins {
  readonly hosts: readonly string[]
  readonly origins: readonly string[]
  readonly publicHost: string
  /** The host of the address listened on. */
  readonly ownHost: string
}

/**
 * Refuses requests that a web page smuggled in by DNS rebinding: their Host is the page's, or they carry its Origin.
 * Requests without an Origin are not from a web page.
 * @throws HttpRefusal 403.
 */
export function checkOrigin({ headers }: IncomingMessage, { hosts, origins, publicHost, ownHost }: AllowedOrigins): void {
  const host = (headers.host ?? '').toLowerCase()
  const name = host.replace(/:\d+$/, '')
  const known = (list: readonly string[], ...values: readonly string[]): boolean =>
    list.some((entry) => entry === '*' || values.includes(entry.toLowerCase()))
  if (!loopback.has(name) && name !== publicHost && name !== ownHost && !known(hosts, host, name))
    throw new HttpRefusal(403, `the Host "${host.slice(0, 100)}" is not served here; --allowed-hosts adds one`)
  const { origin } = headers
  if (origin === undefined) return
  const from = URL.canParse(origin) ? new URL(origin).hostname.toLowerCase() : ''
  if (!loopback.has(from) && (publicHost === '' || from !== publicHost) && !known(origins, origin))
    throw new HttpRefusal(403, `web pages of "${origin.slice(0, 100)}" may not call this server; --allowed-origins adds one`)
}
