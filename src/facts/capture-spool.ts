/** Keeps what a capture takes on disk, within its bounds, until the bundle is written in one go. */
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Files } from '../context.ts'
import { ExpectedError, exit, UsageError } from '../errors.ts'
import { type CapturedFile, folder, type Manifest, manifestText } from './capture-manifest.ts'
import { type TarFile, tarOf } from './capture-tar.ts'

/** What is said of a file before it is read. */
export type Label = Omit<CapturedFile, 'bytes' | 'sha256' | 'at'>

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export class Spool {
  /** What was taken, in order of its path. */
  get files(): CapturedFile[] {
    return [...this.#places.keys()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }
  readonly #disk: Files
  readonly #out: string
  readonly #mostBytes: number
  readonly #now: () => number
  #used = 0
  #count = 0
  readonly #places = new Map<CapturedFile, string>()

  /** `out` is where the bundle will be; `mostBytes` bounds all that is taken together, before it is packed. */
  constructor(disk: Files, out: string, mostBytes: number, now: () => number) {
    this.#disk = disk
    this.#out = out
    this.#mostBytes = mostBytes
    this.#now = now
  }

  /** Takes one file. When it does not fit it throws, and nothing of it is kept. */
  async take(label: Label, pieces: Pieces): Promise<CapturedFile> {
    const place = this.#place(++this.#count)
    const at = new Date(this.#now()).toISOString()
    const hash = createHash('sha256')
    let bytes = 0
    const bounded = async function* (spool: Spool): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        bytes += piece.length
        spool.#used += piece.length
        if (spool.#used > spool.#mostBytes) throw tooLarge(spool.#mostBytes)
        hash.update(piece)
        yield piece
      }
    }
    try {
      await this.#disk.writeBytes(place, bounded(this))
    } catch (error) {
      this.#used -= bytes
      throw diskError(error, this.#out)
    }
    const file: CapturedFile = { ...label, at, bytes, sha256: hash.digest('hex') }
    this.#places.set(file, place)
    return file
  }

  takeText(label: Label, text: string): Promise<CapturedFile> {
    return this.take(label, [Buffer.from(text)])
  }

  /** Writes the bundle, whole or not at all, readable by its owner alone. Gives its SHA-256 and its size. */
  async write(manifest: Manifest): Promise<{ sha256: string; bytes: number }> {
    const text = Buffer.from(manifestText(manifest))
    const entries: TarFile[] = [
      { path: `${folder}/manifest.json`, size: text.length, body: [text] },
      ...this.files.map((file) => ({
        path: `${folder}/${file.path}`,
        size: file.bytes,
        body: this.#disk.readBytes(this.#places.get(file)!),
      })),
    ]
    const packed = createGzip()
    const fed = pipeline(tarOf(entries, Date.parse(manifest.takenAt) / 1000), packed)
    // Its failure is met where the packed bytes are read.
    fed.catch(() => {})
    const hash = createHash('sha256')
    let bytes = 0
    const hashed = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of packed as AsyncIterable<Uint8Array>) {
        hash.update(piece)
        bytes += piece.length
        yield piece
      }
    }
    try {
      await this.#disk.writeBytes(this.#out, hashed())
    } catch (error) {
      throw diskError(error, this.#out)
    }
    return { sha256: hash.digest('hex'), bytes }
  }

  /** Removes what was kept on the way. */
  async clear(): Promise<void> {
    for (let count = 1; count <= this.#count; count++) await this.#disk.remove(this.#place(count))
  }

  #place(count: number): string {
    return `${this.#out}.part-${count}`
  }
}

const tooLarge = (mostBytes: number): ExpectedError =>
  new ExpectedError(
    `it does not fit into what --max-size leaves (${mostBytes} bytes for all together)`,
    exit.unknown,
    'give more with --max-size',
  )

function diskError(error: unknown, out: string): unknown {
  if (error instanceof ExpectedError || !(error instanceof Error) || !('syscall' in error)) return error
  return new UsageError(`${out} cannot be written: ${error.message}`, 'give another place with --out', { cause: error })
}
