/** Block: keep an address or a principal out, by the server's own list, or by narrowing NetworkPolicies for a service that has none. */
import { BlockList, isIP } from 'node:net'
import { selects } from '../diagnosis/selectors.ts'
import { UsageError } from '../errors.ts'
import { narrowPolicies } from './block-policy.ts'
import { listIn, liveFile, planFile } from './live-settings.ts'
import { type Look, listed } from './look.ts'
import { named, type Plan } from './plan.ts'

/** Who is kept out: `203.0.113.7`, `203.0.113.0/24`, or `principal/NAME`. */
export type Blocked = { kind: 'address'; who: string } | { kind: 'principal'; who: string }

export const settingOf = ({ kind }: Blocked): 'blocked-addresses' | 'blocked-principals' =>
  kind === 'address' ? 'blocked-addresses' : 'blocked-principals'

/** Reads `203.0.113.7`, `203.0.113.0/24` or `principal/NAME`. UsageError for anything else. */
export function blockedWord(word: string): Blocked {
  const [address = '', bits, more] = word.split('/')
  const family = isIP(address)
  if (family !== 0 && more === undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))))
    return { kind: 'address', who: word }
  const name = /^principal\/(\S+)$/.exec(word)?.[1]
  if (name !== undefined) return { kind: 'principal', who: name }
  throw new UsageError(
    `"${word}" is no address, no network and no principal`,
    'write 203.0.113.7, 203.0.113.0/24 or principal/NAME (a name, or its tag in the log)',
  )
}

export interface BlockEntry {
  kind: Blocked['kind']
  who: string
  /** RFC 3339; undefined is for good. */
  until: string | undefined
  over: boolean
}

/** The entries of the server's list, as they stand in its settings file. Pure. */
export function entriesOf(kind: Blocked['kind'], texts: readonly string[], now: number): BlockEntry[] {
  return texts.map((text) => {
    const [, who = text, until] = /^(\S+)(?:\s+until\s+(\S+))?$/.exec(text.trim()) ?? []
    return { kind, who, until, over: until !== undefined && Date.parse(until) <= now }
  })
}

const textOf = ({ who, until }: BlockEntry): string => (until === undefined ? who : `${who} until ${until}`)

/** Keep somebody out for so many seconds (undefined: for good), by the server's list or, when `policy`, by NetworkPolicies. */
export async function planBlock(look: Look, word: string, seconds: number | undefined, policy: boolean, why: string): Promise<Plan> {
  const blocked = blockedWord(word)
  const until =
    seconds === undefined ? undefined : new Date(Math.ceil((look.now() + seconds * 1000) / 1000) * 1000).toISOString().replace('.000Z', 'Z')
  const plan = policy ? await byPolicy(look, blocked, until) : await byList(look, blocked, until)
  plan.why = why
  plan.objections.push(...(await harms(look, blocked)))
  if (blocked.kind === 'address') plan.warnings.push(...(await hiddenAddresses(look)))
  return plan
}

/** Let somebody in again who is on the server's list. */
export async function planUnblock(look: Look, word: string, why: string): Promise<Plan> {
  const blocked = blockedWord(word)
  const live = await liveFile(look)
  const setting = settingOf(blocked)
  const entries = entriesOf(blocked.kind, listIn(live.document, setting), look.now())
  const kept = entries.filter((entry) => entry.who !== blocked.who && !entry.over)
  const what = named(live.workload.kind, live.workload.name)
  const plan = await planFile(look, 'block', live, setting, kept.length === 0 ? undefined : kept.map(textOf), kept.length)
  const filled = { ...plan, summary: `let ${word} in again at ${what}`, from: `${word}: refused with 403`, to: `${word}: let in`, why }
  return entries.some((entry) => entry.who === blocked.who)
    ? filled
    : { ...filled, writes: [], nudges: [], already: `${word} is not on the block list of ${what}` }
}

async function byList(look: Look, blocked: Blocked, until: string | undefined): Promise<Plan> {
  const live = await liveFile(look).catch((error: unknown) => {
    if (error instanceof UsageError && blocked.kind === 'address')
      throw new UsageError(error.message, `${error.next}; or --by policy, which narrows the NetworkPolicies on its pods`)
    throw error
  })
  const setting = settingOf(blocked)
  const entries = entriesOf(blocked.kind, listIn(live.document, setting), look.now())
  const others = entries.filter((entry) => entry.who !== blocked.who && !entry.over)
  const next = [...others, { kind: blocked.kind, who: blocked.who, until, over: false }]
  const what = named(live.workload.kind, live.workload.name)
  const before = entries.find((entry) => entry.who === blocked.who && !entry.over)
  const plan = await planFile(look, 'block', live, setting, next.map(textOf), next.length)
  return {
    ...plan,
    summary: `keep ${blocked.kind} ${blocked.who} out of ${what}${until === undefined ? '' : ` until ${until}`}`,
    from: before === undefined ? 'let in' : `refused ${before.until === undefined ? 'for good' : `until ${before.until}`}`,
    to: until === undefined ? 'refused with 403, for good' : `refused with 403 until ${until}, when the server lets it in by itself`,
    notice: `${blocked.who} gets 403 and its open streams end; nobody else notices, and no pod is restarted`,
    undo: 'the list as it is now; task-mcp block remove takes this one off it',
    warnings: until === undefined ? [...plan.warnings, 'it has no end: say --for 1h to let it in again by itself'] : plan.warnings,
  }
}

async function byPolicy(look: Look, blocked: Blocked, until: string | undefined): Promise<Plan> {
  if (blocked.kind === 'principal')
    throw new UsageError('a NetworkPolicy knows addresses, and no principals', 'leave --by policy out, or say the address')
  const plan = await narrowPolicies(look, blocked.who)
  if (until !== undefined)
    plan.warnings.push(`a NetworkPolicy has no clock: at ${until} nothing happens by itself; task-mcp undo takes it back`)
  return plan
}

/** Whom the entry would shut out beside the one that is meant. */
async function harms(look: Look, { kind, who }: Blocked): Promise<Plan['objections']> {
  if (kind === 'principal') return who === 'anonymous' ? [{ code: 'blocks_everybody', why: 'without tokens everybody is "anonymous"' }] : []
  if (/\/0$/.test(who)) return [{ code: 'blocks_everybody', why: `${who} is every address` }]
  const list = networkOf(who)
  const holds = (address: string | undefined): boolean =>
    address !== undefined && isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  const [nodes, pods] = await Promise.all([listed(look, 'nodes', {}), listed(look, 'pods', { namespace: undefined })])
  const found: Plan['objections'] = []
  const node = nodes?.find((one) =>
    (one.status as { addresses?: { address: string }[] } | undefined)?.addresses?.some(({ address }) => holds(address)),
  )
  if (node !== undefined)
    found.push({
      code: 'blocks_node',
      why: `${node.metadata.name} has such an address: whoever comes through a node with its address taken away (source NAT) looks like it`,
    })
  const pod = pods?.find((one) => holds(one.status?.podIP))
  if (pod !== undefined)
    found.push({
      code: 'blocks_pod',
      why: `pod ${pod.metadata.namespace}/${pod.metadata.name} has such an address: if it is a proxy, everybody behind it is shut out; its address moves on when it is replaced`,
    })
  return found
}

/** Ways into the service on which the address that is seen is not the caller's. */
async function hiddenAddresses(look: Look): Promise<string[]> {
  const { namespace, service } = look.settings.service
  const [services, ingresses] = await Promise.all([listed(look, 'services', { namespace }), listed(look, 'ingresses', { namespace })])
  const own = services?.find((one) => one.metadata.name === service)
  const same = (services ?? []).filter(
    (one) => one === own || (own?.spec.selector !== undefined && selects({ matchLabels: own.spec.selector }, one.spec.selector ?? {})),
  )
  const hiding = same.filter(({ spec }) => /^(NodePort|LoadBalancer)$/.test(spec.type ?? '') && spec.externalTrafficPolicy !== 'Local')
  const before = (ingresses ?? []).filter((ingress) => JSON.stringify(ingress.spec ?? {}).includes(`"name":"${service}"`))
  return [
    ...hiding.map(
      (one) =>
        `service/${one.metadata.name} is a ${one.spec.type} with externalTrafficPolicy Cluster: who comes through it has the address of a node here, not the own one`,
    ),
    ...before.map(
      (one) =>
        `ingress/${one.metadata.name} leads here: who comes through it has the address of the ingress controller; block the principal, or block at the controller`,
    ),
  ]
}

/** The addresses of `203.0.113.7` or `203.0.113.0/24`. */
export function networkOf(who: string): BlockList {
  const [address = '', bits] = who.split('/')
  const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  if (bits === undefined) list.addAddress(address, kind)
  else list.addSubnet(address, Number(bits), kind)
  return list
}
