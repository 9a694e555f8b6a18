/**
 * Kept connections that send a prepared `tools/call` again and again. Nothing is made for a request: it is written from one buffer and
 * its answer is looked at where it was read, so that what is measured is the server and not the garbage of whoever asks.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const idDigits = 9
const firstId = 10 ** (idDigits - 1)
const lineFeed = 0x0a
const zeroDigit = 0x30
const lastChunk = '0\r\n\r\n'

interface Answers {
  /** An answer is there, whole. `due` is what `send` was given. */
  answered(connection: Connection, due: number): void
  failed(error: Error): void
}

/** One connection, with one request under way at a time. */
class Connection {
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #id: Buffer
  readonly #to: Answers
  #number = firstId
  #due = 0
  #begun = false
  #sawAnswer = false
  #unread = 0
  #headLength = 0
  /** Undefined for an answer in chunks. */
  #bodyLength: number | undefined

  constructor(url: URL, headers: Readonly<Record<string, string>>, buffer: Buffer, to: Answers) {
    const body = `{"jsonrpc":"2.0","id":${firstId},"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`
    const fields = Object.entries({
      host: url.host,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
      'content-length': String(body.length),
    })
    this.#request = Buffer.from(
      `POST ${url.pathname} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    )
    const at = this.#request.lastIndexOf(String(firstId))
    this.#id = this.#request.subarray(at, at + idDigits)
    this.#to = to
    const onread = { buffer, callback: (bytes: number) => this.#read(buffer.subarray(0, bytes)) }
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread })
    this.#socket.on('error', to.failed)
    this.#socket.on('close', () => to.failed(new Error('the server closed a connection')))
  }

  async opened(): Promise<this> {
    await once(this.#socket, 'connect')
    return this
  }

  send(due: number): void {
    this.#due = due
    let rest = ++this.#number
    for (let at = idDigits - 1; at >= 0; at--) {
      this.#id[at] = zeroDigit + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    this.#socket.write(this.#request)
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #read(piece: Buffer): boolean {
    if (!this.#begun) this.#begin(piece)
    this.#sawAnswer ||= piece.includes(this.#id) && piece.includes('hello')
    this.#unread -= piece.length
    if (this.#bodyLength === undefined ? piece.toString('latin1', piece.length - lastChunk.length) !== lastChunk : this.#unread > 0)
      return true
    this.#begun = false
    if (this.#sawAnswer) this.#to.answered(this, this.#due)
    else this.#to.failed(new Error(`answered ${piece.toString('latin1')}`))
    return true
  }

  /** The head of an answer is as long as the one before, or else is looked at. */
  #begin(piece: Buffer): void {
    this.#begun = true
    this.#sawAnswer = false
    if (this.#bodyLength === undefined || piece[this.#headLength - 1] !== lineFeed || piece[this.#headLength - 3] !== lineFeed) {
      this.#headLength = piece.indexOf('\r\n\r\n') + 4
      const head = piece.toString('latin1', 0, this.#headLength)
      const length = /^content-length: (\d+)/im.exec(head)?.[1]
      this.#bodyLength = length === undefined ? undefined : Number(length)
      if (!head.startsWith('HTTP/1.1 200')) this.#to.failed(new Error(`answered ${piece.toString('latin1')}`))
    }
    this.#unread = this.#headLength + (this.#bodyLength ?? 0)
  }
}

/** What a run saw. Latencies in milliseconds, in order. */
export interface Run {
  readonly perSecond: number
  readonly latencies: Float64Array
}

export interface Generator {
  /** Each connection sends its next request when it has the answer to the one before, for so many seconds. */
  asFastAsItGoes(seconds: number): Promise<Run>
  /**
   * Requests go out by the clock, whether or not those before were answered. A latency counts from when its request was due, so a
   * stall is in the figures of all whom it hit.
   */
  byTheClock(perSecond: number, seconds: number): Promise<Run>
  close(): void
}

/** Opens so many connections. The answers must be of one length, or in chunks. */
export async function aGenerator(url: string, headers: Readonly<Record<string, string>>, count: number): Promise<Generator> {
  let answered: Answers['answered'] = () => undefined
  let failed: Answers['failed'] = () => undefined
  const to: Answers = { answered: (connection, due) => answered(connection, due), failed: (error) => failed(error) }
  const buffer = Buffer.alloc(64 * 1024)
  const connections = await Promise.all(Array.from({ length: count }, () => new Connection(new URL(url), headers, buffer, to).opened()))
  return {
    asFastAsItGoes: (seconds) => {
      const { promise, resolve, reject } = Promise.withResolvers<Run>()
      failed = reject
      const latencies = new Float64Array(Math.ceil(seconds * 100_000))
      const since = performance.now()
      const end = since + seconds * 1000
      let done = 0
      let idle = 0
      answered = (connection, due) => {
        const now = performance.now()
        latencies[done++] = now - due
        if (now < end) connection.send(now)
        else if (++idle === connections.length)
          resolve({ perSecond: (done * 1000) / (now - since), latencies: latencies.subarray(0, done).sort() })
      }
      // Who asks never sleeps: waking a halted core costs the server, at each answer, what a caller on another machine would not.
      const spin = (): void => void (idle < connections.length && setImmediate(spin))
      spin()
      for (const connection of connections) connection.send(performance.now())
      return promise
    },
    byTheClock: (perSecond, seconds) => {
      const { promise, resolve, reject } = Promise.withResolvers<Run>()
      failed = reject
      const free = [...connections]
      const all = Math.floor(perSecond * seconds)
      const latencies = new Float64Array(all)
      const start = performance.now()
      const dueAt = (request: number): number => start + (request * 1000) / perSecond
      let sent = 0
      let done = 0
      answered = (connection, due) => {
        const now = performance.now()
        latencies[done++] = now - due
        if (done === all) resolve({ perSecond: (done * 1000) / (now - start), latencies: latencies.sort() })
        if (sent < all && dueAt(sent) <= now) connection.send(dueAt(sent++))
        else free.push(connection)
      }
      const tick = (): void => {
        const now = performance.now()
        while (free.length > 0 && sent < all && dueAt(sent) <= now) free.pop()!.send(dueAt(sent++))
        if (sent < all) setImmediate(tick)
      }
      tick()
      return promise
    },
    close: () => {
      for (const connection of connections) connection.close()
    },
  }
}

/** The value below which a share of the sorted values is. */
export const percentile = (sorted: Float64Array, share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
