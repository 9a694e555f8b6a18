/** The cheapest client there is: one kept connection, one request at a time, answers with a Content-Length. What it costs is the bench's own. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawClient {
  /** Sends a JSON body and gives the status, the session named in the headers, and the body. */
  post(body: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; session: string | undefined; text: string }>
  close(): void
}

export async function aRawClient(url: string): Promise<RawClient> {
  const { hostname, port, host, pathname } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  await once(socket, 'connect')
  let got = ''
  let waiting: ((whole: { head: string; text: string }) => void) | undefined
  let failed: ((error: Error) => void) | undefined
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    got += chunk
    const end = got.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = got.slice(0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (got.length < end + 4 + length) return
    const text = got.slice(end + 4, end + 4 + length)
    got = got.slice(end + 4 + length)
    waiting?.({ head, text })
  })
  socket.on('error', (error) => failed?.(error))
  socket.on('close', () => failed?.(new Error('the connection was closed')))
  return {
    post: async (body, headers) => {
      const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      const answered = new Promise<{ head: string; text: string }>((resolve, reject) => {
        waiting = resolve
        failed = reject
      })
      socket.write(
        `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n${named.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
      const { head, text } = await answered
      return { status: Number(head.slice(9, 12)), session: /mcp-session-id: (\S+)/i.exec(head)?.[1], text }
    },
    close: () => {
      failed = undefined
      socket.destroy()
    },
  }
}

export const hello = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
})

export const echo = (id: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: { text: 'hello' } } })
