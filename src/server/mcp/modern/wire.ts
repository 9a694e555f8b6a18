import type { ClientCapabilities } from '../exchange.ts'
import { RpcError } from '../rpc.ts'
import { serverInfo } from '../server-info.ts'

/** The revisions without sessions. */
export const modernRevisions = ['2026-07-28']

/** Keys of `_meta` that the protocol gives a meaning. */
export const metaKey = {
  revision: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const

/** The extension by which calls that take long are answered later. */
export const longCallsExtension = 'io.modelcontextprotocol/tasks'

/** Whether a client can ask later; it says so with each request. */
export const asksLater = ({ extensions }: ClientCapabilities): boolean =>
  typeof extensions === 'object' && extensions !== null && Object.hasOwn(extensions, longCallsExtension)

/** @throws RpcError -32021 for a client that did not say that it knows the extension. */
export function demandAsksLater(capabilities: ClientCapabilities): void {
  if (!asksLater(capabilities))
    throw new RpcError(modernCode.missingCapability, `This needs a client with the extension ${longCallsExtension}`, {
      status: 400,
      data: { requiredCapabilities: { extensions: { [longCallsExtension]: {} } } },
    })
}

export const modernCode = { headerMismatch: -32020, missingCapability: -32021, unsupportedRevision: -32022 } as const

/** How long and by whom a result may be kept. Lists that are the same for everybody and for the life of the process can be shared. */
const cacheHints: Readonly<Record<string, { ttlMs: number; cacheScope: 'public' | 'private' }>> = {
  'server/discover': { ttlMs: 300_000, cacheScope: 'public' },
  'tools/list': { ttlMs: 300_000, cacheScope: 'public' },
  'prompts/list': { ttlMs: 300_000, cacheScope: 'public' },
  'resources/templates/list': { ttlMs: 300_000, cacheScope: 'public' },
  'resources/list': { ttlMs: 0, cacheScope: 'private' },
  'resources/read': { ttlMs: 0, cacheScope: 'private' },
}

/** A result as this era sends it: its type, who answered, and how long it may be kept. */
export function complete(method: string, result: object, version: string): object {
  const base = {
    resultType: 'complete',
    ...result,
    _meta: { ...('_meta' in result ? (result._meta as object) : {}), [metaKey.serverInfo]: serverInfo(version, method === discover) },
  }
  return base.resultType === 'complete' ? { ...base, ...cacheHints[method] } : base
}

const discover = 'server/discover'

/** What `server/discover` answers. */
export const discovery = {
  supportedVersions: modernRevisions,
  capabilities: {
    tools: {},
    resources: { subscribe: true, listChanged: true },
    prompts: {},
    completions: {},
    extensions: { [longCallsExtension]: {} },
  },
}
