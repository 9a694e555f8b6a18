import { StoreError } from '../store/port.ts'
import { Refusal } from '../tasks/task.ts'
import type { ErrorType } from '../telemetry/catalogue.ts'
import { reasonOf } from '../telemetry/log.ts'
import { DependencyError } from '../webhook.ts'
import type { Offer, Prompt, ResourcePage, Tool } from './definition.ts'
import type { Exchange, Principal } from './exchange.ts'
import { asOf } from './icons.ts'
import { type Params, RpcError, rpcCode } from './rpc.ts'
import { refuseNul, validate } from './validate.ts'

/** The methods that both protocol eras have and that mean the same in both. */
export const sharedMethods = [
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
] as const

/** How an operation ended: what metrics and logs are told. */
export interface Ending {
  readonly tool: string
  readonly errorType: ErrorType
}

/** Answers the shared methods from one offer. */
export interface Operations {
  /** @throws RpcError, StoreError, DependencyError or a bug, at once or later. */
  run(method: string, params: Params, exchange: Exchange): Promise<object>
  has(method: string): boolean
  toolNamed(name: string): Tool | undefined
}

/** Takes what is offered, and what refuses calls that are too many. Lists are built once; nothing is converted per request. */
export function createOperations(offer: Offer, admitCall: (tool: string, principal: Principal) => void): Operations {
  const tools = new Map(offer.tools.map((tool) => [tool.name, tool]))
  const prompts = new Map(offer.prompts.map((prompt) => [prompt.name, prompt]))
  const toolList = perRevision((revision) => ({
    tools: offer.tools.map(({ scope: _scope, call: _call, longAfter: _longAfter, ...shown }) => asOf(revision, shown)),
  }))
  const promptList = perRevision((revision) => ({
    prompts: offer.prompts.map(({ scope: _scope, get: _get, complete: _complete, ...shown }) => asOf(revision, shown)),
  }))
  const templateList = perRevision((revision) => ({
    resourceTemplates: offer.resources.flatMap(({ templates }) => templates.map((template) => asOf(revision, template))),
  }))

  const methods: Readonly<Record<string, (params: Params, exchange: Exchange) => Promise<object>>> = {
    'tools/list': async (params, { revision }) => {
      refuseCursor(params)
      return toolList(revision)
    },
    'tools/call': (params, exchange) => {
      const name = text(params, 'name')
      const tool = tools.get(name)
      if (tool === undefined) throw new RpcError(rpcCode.invalidParams, `Unknown tool: ${name}; tools/list has those there are`)
      demand(exchange.principal, tool.scope, name)
      admitCall(name, exchange.principal)
      const input = params.arguments ?? {}
      validate(tool.inputSchema, input, name)
      refuseNul(input, name)
      if (tool.longAfter === undefined || exchange.defer === undefined) return callTool(tool, input, exchange, params)
      return exchange.defer({ tool: name, scope: tool.scope, after: tool.longAfter }, (given) => callTool(tool, input, given, params))
    },
    'resources/list': async (params, exchange) => {
      for (const { scope } of offer.resources) demand(exchange.principal, scope, 'resources')
      const { resources, ...rest } = await listResources(offer, optionalText(params, 'cursor'))
      return { resources: resources.map((resource) => asOf(exchange.revision, resource)), ...rest }
    },
    'resources/templates/list': async (params, { revision }) => {
      refuseCursor(params)
      return templateList(revision)
    },
    'resources/read': async (params, exchange) => {
      const uri = text(params, 'uri')
      for (const family of offer.resources) {
        demand(exchange.principal, family.scope, 'resources')
        const contents = await family.read(uri)
        if (contents !== undefined) return { contents }
      }
      throw new RpcError(exchange.revision >= '2026' ? rpcCode.invalidParams : rpcCode.resourceNotFound, `Resource not found: ${uri}`, {
        data: { uri },
      })
    },
    'prompts/list': async (params, { revision }) => {
      refuseCursor(params)
      return promptList(revision)
    },
    'prompts/get': async (params, exchange) => {
      const prompt = prompts.get(text(params, 'name'))
      if (prompt === undefined)
        throw new RpcError(rpcCode.invalidParams, `Unknown prompt: ${String(params.name)}; prompts/list has those there are`)
      demand(exchange.principal, prompt.scope, prompt.name)
      return prompt.get(promptInput(prompt, params.arguments), exchange, params)
    },
    'completion/complete': async (params, exchange) => {
      for (const { scope } of offer.resources) demand(exchange.principal, scope, 'completions')
      return { completion: await complete(offer, prompts, params) }
    },
  }
  return {
    has: (method) => Object.hasOwn(methods, method),
    toolNamed: (name) => tools.get(name),
    run: (method, params, exchange) => {
      const work = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (work === undefined) throw new RpcError(rpcCode.methodNotFound, `Method not found: ${method}`)
      return work(params, exchange)
    },
  }
}

/** Makes a list once for each revision that asks for it. */
function perRevision<T>(make: (revision: string) => T): (revision: string) => T {
  const made = new Map<string, T>()
  return (revision) => {
    const known = made.get(revision) ?? make(revision)
    made.set(revision, known)
    return known
  }
}

async function callTool(tool: Tool, input: unknown, exchange: Exchange, params: Params): Promise<object> {
  try {
    const answer = await tool.call(input as never, exchange, params)
    return tool.outputSchema === undefined || 'content' in answer
      ? answer
      : { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { content: [{ type: 'text', text: `${error.code}: ${error.message}` }], isError: true }
  }
}

/** Where families have pages, the cursor says which family it belongs to: `0:...`, `1:...`. */
async function listResources(offer: Offer, cursor: string | undefined): Promise<ResourcePage> {
  const [, index, rest] = /^(\d+):(.*)$/.exec(cursor ?? '0:') ?? []
  const at = Number(index)
  const family = offer.resources[at]
  if (family === undefined)
    throw new RpcError(rpcCode.invalidParams, 'the cursor is not one of ours: use nextCursor of the page before, unchanged')
  const { resources, nextCursor } = await family.list(rest === '' ? undefined : rest).catch(refusalAsParams)
  if (nextCursor !== undefined) return { resources, nextCursor: `${at}:${nextCursor}` }
  return at + 1 < offer.resources.length ? { resources, nextCursor: `${at + 1}:` } : { resources }
}

async function complete(offer: Offer, prompts: ReadonlyMap<string, Prompt>, params: Params): Promise<object> {
  const ref = params.ref as Record<string, unknown> | undefined
  const argument = params.argument as Record<string, unknown> | undefined
  if (typeof argument?.name !== 'string' || typeof argument.value !== 'string')
    throw new RpcError(rpcCode.invalidParams, 'completion/complete needs argument.name and argument.value')
  const values = await candidates(offer, prompts, ref, argument.name, argument.value)
  return { values: values.slice(0, 100), total: values.length, hasMore: values.length > 100 }
}

async function candidates(
  offer: Offer,
  prompts: ReadonlyMap<string, Prompt>,
  ref: Record<string, unknown> | undefined,
  name: string,
  prefix: string,
): Promise<readonly string[]> {
  if (ref?.type === 'ref/prompt') {
    const prompt = prompts.get(String(ref.name))
    if (prompt === undefined) throw new RpcError(rpcCode.invalidParams, `Unknown prompt: ${String(ref.name)}`)
    return (await prompt.complete?.(name, prefix)) ?? []
  }
  if (ref?.type === 'ref/resource') {
    const family = offer.resources.find(({ templates }) => templates.some(({ uriTemplate }) => uriTemplate === ref.uri))
    if (family === undefined) throw new RpcError(rpcCode.invalidParams, `Unknown resource template: ${String(ref.uri)}`)
    return (await family.complete?.(String(ref.uri), name, prefix)) ?? []
  }
  throw new RpcError(rpcCode.invalidParams, 'completion/complete needs a ref of type ref/prompt or ref/resource')
}

/** @throws RpcError 403 that names the scope. */
export function demand(principal: Principal, scope: string, what: string): void {
  if (principal.scopes.has(scope)) return
  throw new RpcError(rpcCode.refused, `your token does not allow ${what}: it needs the scope ${scope}`, { status: 403, data: { scope } })
}

function text(params: Params, name: string): string {
  const value = params[name]
  if (typeof value !== 'string') throw new RpcError(rpcCode.invalidParams, `params.${name} must be a string`)
  return value
}

function optionalText(params: Params, name: string): string | undefined {
  return params[name] === undefined ? undefined : text(params, name)
}

function refuseCursor(params: Params): void {
  if (params.cursor !== undefined) throw new RpcError(rpcCode.invalidParams, 'this list has one page: there is no cursor for it')
}

function promptInput(prompt: Prompt, given: unknown): Record<string, string> {
  const input = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  for (const { name, required } of prompt.arguments) {
    if (required && input[name] === undefined)
      throw new RpcError(rpcCode.invalidParams, `prompt ${prompt.name} needs the argument "${name}"`)
    if (input[name] !== undefined && typeof input[name] !== 'string')
      throw new RpcError(rpcCode.invalidParams, `argument "${name}" must be a string`)
  }
  return input as Record<string, string>
}

function refusalAsParams(error: unknown): never {
  if (error instanceof Refusal) throw new RpcError(rpcCode.invalidParams, error.message)
  throw error
}

/** Takes what an operation threw, and why it was cancelled if it was. Gives the error to send, and how it counts. A bug's message stays in the log. */
export function explain(error: unknown, cancelled: unknown): { error: RpcError; errorType: ErrorType; bug: boolean } {
  if (error instanceof RpcError) {
    const others = error.status === 429 ? 'rate_limited' : 'invalid_params'
    return { error, errorType: error.code === rpcCode.methodNotFound ? 'method_not_found' : others, bug: false }
  }
  if (error instanceof Refusal)
    return { error: new RpcError(rpcCode.invalidParams, error.message), errorType: 'invalid_params', bug: false }
  if (error instanceof StoreError || error instanceof DependencyError) {
    const errorType = error.problem === 'timeout' ? 'timeout' : 'unavailable'
    return { error: new RpcError(rpcCode.unavailable, `Not available now: ${error.message}`, { status: 503 }), errorType, bug: false }
  }
  if (cancelled !== undefined) {
    const timeout = reasonOf(cancelled) === 'timeout'
    const said = timeout ? 'The request took too long and was given up' : 'The request was cancelled'
    return {
      error: new RpcError(rpcCode.unavailable, said, { status: timeout ? 503 : 200 }),
      errorType: timeout ? 'timeout' : 'cancelled',
      bug: false,
    }
  }
  return {
    error: new RpcError(rpcCode.internal, 'Internal error: the log of the server has the details under this request id', { status: 500 }),
    errorType: 'internal',
    bug: true,
  }
}
