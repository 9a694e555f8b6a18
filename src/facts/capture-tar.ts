/** The tar format (POSIX ustar), as far as a bundle needs it: plain files, the same bytes for the same content. */
import { UsageError } from '../errors.ts'

const block = 512
/** Twelve octal digits less one. */
const largest = 8 ** 11 - 1

export interface TarFile {
  path: string
  size: number
  /** Exactly `size` bytes. */
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** The bytes of an archive with these files in this order. `seconds` is the time that every file is given. */
export async function* tarOf(files: Iterable<TarFile>, seconds: number): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    yield header(file.path, file.size, seconds)
    let written = 0
    for await (const piece of file.body) {
      written += piece.length
      yield piece
    }
    if (written !== file.size) throw new Error(`${file.path} has ${written} bytes instead of ${file.size}`)
    if (written % block !== 0) yield new Uint8Array(block - (written % block))
  }
  yield new Uint8Array(2 * block)
}

function header(path: string, size: number, seconds: number): Uint8Array {
  if (size > largest) throw new RangeError(`${path} is larger than a tar archive can hold`)
  const bytes = Buffer.alloc(block)
  const { name, prefix } = splitPath(path)
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1')
  }
  bytes.write(name, 0, 'utf8')
  octal(0o600, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(Math.max(0, Math.floor(seconds)), 136, 12)
  bytes.fill(' ', 148, 156)
  bytes.write('0', 156, 'latin1')
  bytes.write('ustar\u000000', 257, 'latin1')
  bytes.write(prefix, 345, 'utf8')
  octal(sumOf(bytes), 148, 7)
  return bytes
}

/** A name of at most 100 bytes and what stands before it, at most 155, parted at a slash. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' }
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { name, prefix }
  }
  throw new RangeError(`the path ${path} is too long for a tar archive`)
}

/** The checksum of a header: the sum of its bytes, its own field counted as spaces. */
const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0)

export interface TarEntry {
  path: string
  size: number
  /** To be read to its end before the next entry is asked for. */
  body: AsyncIterable<Uint8Array>
}

/** The files of an archive as it arrives. UsageError, with `what` as its name, for what is no archive or ends too early. */
export async function* readTar(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<TarEntry> {
  const bytes = new Pieces(source, () => new UsageError(`${what} is cut off`, 'copy it again, or take another'))
  for (;;) {
    const head = await bytes.exactly(block)
    if (head.every((byte) => byte === 0)) return
    const { path, size } = readHeader(head, what)
    yield { path, size, body: bytes.several(size) }
    await bytes.exactly((block - (size % block)) % block)
  }
}

function readHeader(head: Uint8Array, what: string): { path: string; size: number } {
  const foreign = () => new UsageError(`${what} is not a bundle of task-mcp capture`, 'give a file that task-mcp capture wrote')
  const text = (from: number, length: number): string => {
    const field = Buffer.from(head.subarray(from, from + length))
    const end = field.indexOf(0)
    return field.toString('utf8', 0, end < 0 ? length : end)
  }
  const octal = (from: number, length: number): number => Number.parseInt(text(from, length).trim(), 8)
  const size = octal(124, 12)
  if (octal(148, 8) !== sumOf(head) || !text(257, 6).startsWith('ustar') || !(size >= 0) || !['0', ''].includes(text(156, 1)))
    throw foreign()
  const prefix = text(345, 155)
  return { path: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, size }
}

/** Bytes of a stream in the amounts that are asked for. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #early: () => Error
  #rest: Uint8Array = new Uint8Array()

  constructor(source: AsyncIterable<Uint8Array>, early: () => Error) {
    this.#source = source[Symbol.asyncIterator]()
    this.#early = early
  }

  async exactly(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for await (const piece of this.several(size)) parts.push(piece)
    return Buffer.concat(parts)
  }

  async *several(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next()
        if (next.done) throw this.#early()
        this.#rest = next.value
        continue
      }
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }
}
