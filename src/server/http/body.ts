import type { IncomingMessage } from 'node:http'
import { HttpRefusal } from './refusal.ts'

/** Reads a whole body as text. @throws HttpRefusal 413 above `maxBytes`, without reading further; 400 when it is cut short. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = (): HttpRefusal =>
    new HttpRefusal(413, `the body is larger than ${maxBytes} bytes`, { headers: { connection: 'close' } })
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(tooLarge())
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) {
        request.pause()
        request.removeAllListeners('data')
        reject(tooLarge())
      } else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]!.toString('utf8') : Buffer.concat(chunks).toString('utf8')))
    request.on('error', () => reject(new HttpRefusal(400, 'the body was cut short')))
  })
}

/** True when the JSON text nests deeper than `maxDepth`; looked at before parsing, which recurses. */
export function nestsDeeper(text: string, maxDepth: number): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === 92) at++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 123 || code === 91) {
      if (++depth > maxDepth) return true
    } else if (code === 125 || code === 93) depth--
  }
  return false
}
