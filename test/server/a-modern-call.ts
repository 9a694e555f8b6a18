/** Requests of the revision without sessions, as its clients write them. */
export const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'a test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Gives what fetch takes for one request. */
export function modernRequest(method: string, params: Record<string, unknown> = {}, meta: object = {}): RequestInit {
  const name = params.name ?? params.taskId
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && /^[\x20-\x7e]+$/.test(name) ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...modernMeta, ...meta } } }),
  }
}
