/** Who is not let in at all: addresses and principals, each for good or until a time. */
import { BlockList, isIP } from 'node:net'
import { UsageError } from '../../errors.ts'
import type { Principal } from '../mcp/exchange.ts'
import type { Settings } from '../settings.ts'

/** An entry of `blocked-addresses` or `blocked-principals`. `until` in milliseconds since the epoch; undefined is for good. */
export interface BlockedEntry {
  readonly who: string
  readonly until: number | undefined
}

/** Reads `WHO` or `WHO until 2026-11-23T13:00:00Z`. @throws UsageError that names the setting and the entry. */
export function blockedEntry(setting: string, text: string): BlockedEntry {
  const [, who = '', time] = /^(\S+)(?:\s+until\s+(\S+))?$/.exec(text.trim()) ?? []
  const until = time === undefined ? undefined : Date.parse(time)
  if (who === '' || (until !== undefined && !Number.isFinite(until)))
    throw new UsageError(
      `${setting} has "${text}", which is not WHO or WHO until TIME`,
      `write one as "${setting === 'blocked-addresses' ? '203.0.113.0/24' : 'ada'} until 2026-11-23T13:00:00Z"`,
    )
  return { who, until }
}

/** Reads an address or a network (`203.0.113.0/24`). @throws UsageError for anything else. */
export function blockedNetwork(text: string): BlockList {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  const prefix = bits === undefined ? undefined : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (family === 0 || (prefix !== undefined && (prefix < 0 || prefix > (family === 4 ? 32 : 128))))
    throw new UsageError(`blocked-addresses has "${text}", which is no address and no network`, 'write 203.0.113.7 or 203.0.113.0/24')
  const list = new BlockList()
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  if (prefix === undefined) list.addAddress(address, kind)
  else list.addSubnet(address, prefix, kind)
  return list
}

/** @throws UsageError when an entry cannot be read. */
export function checkBlocked({ blockedAddresses, blockedPrincipals }: Pick<Settings, 'blockedAddresses' | 'blockedPrincipals'>): void {
  for (const text of blockedAddresses) blockedNetwork(blockedEntry('blocked-addresses', text).who)
  for (const text of blockedPrincipals) blockedEntry('blocked-principals', text)
}

export interface Blocked {
  /** The entry that keeps an address out now; undefined lets it in. Takes what the socket says, IPv4 in IPv6 as well. */
  address(address: string): BlockedEntry | undefined
  /** A principal is named by its name, or by the tag that stands for it in the log. */
  principal(principal: Pick<Principal, 'name' | 'tag'>): BlockedEntry | undefined
  /** Entries that are in force now. */
  count(): { addresses: number; principals: number }
  /** Takes the lists from the settings again. */
  reconfigure(): void
}

/** `now` in milliseconds since the epoch: entries end by it. */
export function createBlocked(settings: () => Settings, now: () => number): Blocked {
  let addresses: readonly (BlockedEntry & { readonly list: BlockList })[] = []
  let principals: readonly BlockedEntry[] = []
  const inForce = ({ until }: BlockedEntry): boolean => until === undefined || now() < until
  const reconfigure = (): void => {
    addresses = settings().blockedAddresses.map((text) => {
      const entry = blockedEntry('blocked-addresses', text)
      return { ...entry, list: blockedNetwork(entry.who) }
    })
    principals = settings().blockedPrincipals.map((text) => blockedEntry('blocked-principals', text))
  }
  reconfigure()
  return {
    address: (address) => {
      if (addresses.length === 0) return undefined
      const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      return addresses.find((entry) => inForce(entry) && entry.list.check(address, kind))
    },
    principal: ({ name, tag }) => principals.find((entry) => inForce(entry) && (entry.who === name || entry.who === tag)),
    count: () => ({ addresses: addresses.filter(inForce).length, principals: principals.filter(inForce).length }),
    reconfigure,
  }
}
