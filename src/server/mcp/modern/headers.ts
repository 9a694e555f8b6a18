import type { IncomingHttpHeaders } from 'node:http'
import type { JsonSchema } from '../definition.ts'
import { type Params, RpcError } from '../rpc.ts'
import { modernCode } from './wire.ts'

const nameSource: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

const mismatch = (said: string): RpcError =>
  new RpcError(modernCode.headerMismatch, `The headers and the body disagree: ${said}`, { status: 400 })

export const headerOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value)?.trim()
}

/**
 * Checks that what intermediaries read in the headers is what the body says: revision, method, and name or URI.
 * @throws RpcError -32020.
 */
export function checkStandardHeaders(headers: IncomingHttpHeaders, method: string, params: Params): void {
  if (headerOf(headers, 'mcp-protocol-version') === undefined) throw mismatch('MCP-Protocol-Version is missing')
  const named = headerOf(headers, 'mcp-method')
  if (named !== method)
    throw mismatch(
      named === undefined ? `Mcp-Method is missing, the method is ${method}` : `Mcp-Method is ${named}, the method is ${method}`,
    )
  const field = Object.hasOwn(nameSource, method) ? nameSource[method] : undefined
  const value = field === undefined ? undefined : params[field]
  if (typeof value !== 'string') return
  const header = headerOf(headers, 'mcp-name')
  if (header === undefined || decoded(header) !== value)
    throw mismatch(
      header === undefined ? `Mcp-Name is missing, params.${field} is ${value}` : `Mcp-Name is ${header}, params.${field} is ${value}`,
    )
}

/** An argument of a tool that its schema wants repeated in a header `Mcp-Param-...`. */
export interface MirroredArgument {
  readonly path: readonly string[]
  readonly header: string
  readonly numeric: boolean
}

/** The `x-mcp-header` annotations of an input schema, found along `properties`. */
export function mirroredArguments(schema: JsonSchema, path: readonly string[] = []): MirroredArgument[] {
  const found: MirroredArgument[] = []
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)) {
    const here = [...path, name]
    const header = property['x-mcp-header']
    if (typeof header === 'string')
      found.push({
        path: here,
        header: `mcp-param-${header.toLowerCase()}`,
        numeric: property.type === 'integer' || property.type === 'number',
      })
    found.push(...mirroredArguments(property, here))
  }
  return found
}

/** @throws RpcError -32020 when an argument that is given is not in its header, or is another there. */
export function checkMirroredArguments(headers: IncomingHttpHeaders, mirrored: readonly MirroredArgument[], input: unknown): void {
  for (const { path, header, numeric } of mirrored) {
    const value = path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
      input,
    )
    if (!['string', 'number', 'boolean'].includes(typeof value)) continue
    const given = headerOf(headers, header)
    const text = given === undefined ? undefined : decoded(given)
    if (text === undefined || (numeric ? Number(text) !== value : text !== String(value)))
      throw mismatch(`${header} does not carry the argument ${path.join('.')}`)
  }
}

/** A header value, of which one wrapped in `=?base64?...?=` is UTF-8 in Base64. Undefined when that is malformed. */
function decoded(value: string): string | undefined {
  const wrapped = /^=\?base64\?(.*)\?=$/.exec(value)?.[1]
  if (wrapped === undefined) return value
  const bytes = Buffer.from(wrapped, 'base64')
  return bytes.toString('base64') === wrapped ? bytes.toString('utf8') : undefined
}
