/** A small MCP client (Streamable HTTP, one answer a request), for walking an endpoint by URL or through the API server's proxy. */
import { DeniedError, UnreachableError } from '../errors.ts'
import type { Cluster } from '../targets/ports.ts'

export const protocolVersion = '2025-11-25'

/** How a message reaches the endpoint. */
export interface McpWay {
  /** For people: the URL, or `service/name through the API server`. */
  readonly where: string
  post(
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; body: string; headers: Readonly<Record<string, string>> }>
}

type Fetch = (
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string; limitBytes?: number },
  signal: AbortSignal,
) => Promise<{ status: number; body: string; headers: Record<string, string> }>

const limitBytes = 1024 * 1024

/** Straight to a URL, with a bearer token where there is one. */
export function mcpByUrl(url: string, token: string | undefined, fetch: Fetch): McpWay {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    where: url,
    post: (body, headers, signal) => fetch(url, { method: 'POST', headers: { ...headers, ...authorization }, body, limitBytes }, signal),
  }
}

/** To a Service through the API server, which keeps the Authorization header for itself: no token gets through. */
export function mcpByProxy(place: { namespace: string; service: string; port: number | string; path: string }, cluster: Cluster): McpWay {
  const { namespace, service: name, port, path } = place
  return {
    where: `Service ${namespace}/${name} through the API server`,
    async post(form, headers, signal) {
      const asked = cluster.proxy({ namespace, kind: 'services', name, port, path, form, headers, limitBytes }, signal)
      const answer = await asked.catch((error: unknown) => {
        // The cluster has answered us before, so a 401 is the endpoint's own.
        if (error instanceof DeniedError && error.message.includes('does not accept the credentials'))
          throw tokenWanted(namespace, name, port, path)
        throw error
      })
      return { status: answer.status, body: answer.body, headers: answer.headers ?? {} }
    },
  }
}

function tokenWanted(namespace: string, service: string, port: number | string, path: string): UnreachableError {
  return new UnreachableError(
    `Service ${namespace}/${service} wants a token, and the API server does not pass one on`,
    `forward a port and walk it by its URL, with the token's file in TASK_MCP_MCP_TOKEN_FILE:\nkubectl -n ${namespace} port-forward service/${service} 8080:${port}\ntask-mcp smoke -n ${namespace} --url http://127.0.0.1:8080${path}`,
  )
}

interface RpcMessage {
  id?: unknown
  result?: unknown
  error?: { code?: number; message?: string }
}

/** A session with the endpoint. Every call throws UnreachableError with what came back instead of an answer. */
export class McpSession {
  readonly #way: McpWay
  readonly #headers: Record<string, string> = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  #id = 0

  constructor(way: McpWay) {
    this.#way = way
  }

  /** Say hello; resolves with the server's name and version. */
  async initialize(
    client: { name: string; version: string },
    signal: AbortSignal,
  ): Promise<{ name: string; version: string; protocol: string }> {
    const { result, headers } = await this.#request('initialize', { protocolVersion, capabilities: {}, clientInfo: client }, signal)
    const { serverInfo, protocolVersion: protocol = protocolVersion } = result as {
      serverInfo?: { name?: string; version?: string }
      protocolVersion?: string
    }
    const session = headers['mcp-session-id']
    if (session !== undefined) this.#headers['mcp-session-id'] = session
    this.#headers['mcp-protocol-version'] = protocol
    await this.#send({ jsonrpc: '2.0', method: 'notifications/initialized' }, signal)
    return { name: serverInfo?.name ?? 'unnamed', version: serverInfo?.version ?? '', protocol }
  }

  async tools(signal: AbortSignal): Promise<string[]> {
    const { result } = await this.#request('tools/list', {}, signal)
    return ((result as { tools?: { name: string }[] }).tools ?? []).map((tool) => tool.name)
  }

  /** The structured content of a tool's answer, or its text parsed as JSON. */
  async call(tool: string, input: object, signal: AbortSignal): Promise<unknown> {
    const { result } = await this.#request('tools/call', { name: tool, arguments: input }, signal)
    const { isError, content, structuredContent } = result as {
      isError?: boolean
      content?: { type: string; text?: string }[]
      structuredContent?: unknown
    }
    const text = content?.find((part) => part.type === 'text')?.text ?? ''
    if (isError) throw new UnreachableError(`${tool} answered with an error: ${text.slice(0, 300)}`)
    if (structuredContent !== undefined) return structuredContent
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }

  async #request(
    method: string,
    params: object,
    signal: AbortSignal,
  ): Promise<{ result: unknown; headers: Readonly<Record<string, string>> }> {
    const id = ++this.#id
    const answer = await this.#send({ jsonrpc: '2.0', id, method, params }, signal)
    const message = messagesOf(answer.body, answer.headers['content-type'] ?? '').find((one) => one.id === id)
    if (message?.error) throw new UnreachableError(`${method} was refused: ${message.error.message ?? `code ${message.error.code}`}`)
    if (message === undefined || message.result === undefined)
      throw new UnreachableError(`${method} was not answered: HTTP ${answer.status} without a result`)
    return { result: message.result, headers: answer.headers }
  }

  async #send(message: object, signal: AbortSignal): Promise<Awaited<ReturnType<McpWay['post']>>> {
    const answer = await this.#way.post(JSON.stringify(message), this.#headers, signal)
    if (answer.status === 401 || answer.status === 403) {
      throw new UnreachableError(
        `${this.#way.where} wants a token (HTTP ${answer.status})`,
        'give --url and service.mcp.tokenFile in task-mcp.yaml, or TASK_MCP_MCP_TOKEN_FILE',
      )
    }
    if (answer.status >= 400) throw new UnreachableError(`${this.#way.where} answered HTTP ${answer.status}${said(answer.body)}`)
    return answer
  }
}

/** JSON-RPC messages of an answer: one JSON document, or the data of an event stream. */
export function messagesOf(body: string, contentType: string): RpcMessage[] {
  const documents = contentType.includes('event-stream')
    ? body.split(/\r?\n\r?\n/).map((event) =>
        event
          .split(/\r?\n/)
          .filter((line) => line.startsWith('data:'))
          .map((line) => line.slice(5).trimStart())
          .join('\n'),
      )
    : [body]
  return documents.flatMap((text): RpcMessage[] => {
    try {
      const parsed: unknown = text.trim() === '' ? [] : JSON.parse(text)
      return Array.isArray(parsed) ? parsed : [parsed as RpcMessage]
    } catch {
      return []
    }
  })
}

/** The error message of a body, where it has one. */
function said(body: string): string {
  const [first] = messagesOf(body, 'application/json')
  const text = typeof first?.error?.message === 'string' ? first.error.message : ''
  return text === '' ? '' : `: ${text.slice(0, 200)}`
}
