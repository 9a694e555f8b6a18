import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { idleSeconds } from './connections.ts'

const keepAlive = `timeout=${idleSeconds}`

/** A response that carries the id of its request, and ends its connection where that is wanted. */
export class Reply extends ServerResponse<IncomingMessage> {
  requestId = ''
  /** The connection takes no request after this one. */
  last = false

  /** Headers go out as one flat list: node:http looks up and copies those that are set one by one. */
  override writeHead(status: number, given?: unknown): this {
    const headers = given as OutgoingHttpHeaders | undefined
    const fields: string[] = ['x-request-id', this.requestId]
    if (this.last) fields.push('connection', 'close')
    else if (this.shouldKeepAlive && headers?.connection === undefined) fields.push('keep-alive', keepAlive)
    for (const name in headers) fields.push(name, String(headers[name]))
    return super.writeHead(status, fields)
  }
}
