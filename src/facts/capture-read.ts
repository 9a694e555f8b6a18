/** Reads a bundle: every file checked against the manifest, nothing unpacked to the disk. */
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Files } from '../context.ts'
import { UsageError } from '../errors.ts'
import { type CapturedFile, folder, type Manifest, parseManifest } from './capture-manifest.ts'
import { readTar, type TarEntry } from './capture-tar.ts'

/** Given each file in the order of the bundle. What it does not read is read past, for the checksum. */
export type Visit = (file: CapturedFile, body: AsyncIterable<Uint8Array>) => Promise<void>

const largestManifest = 16 * 1024 * 1024

/** Whether a file begins as a packed bundle does. */
export async function isPacked(files: Files, path: string): Promise<boolean> {
  for await (const piece of files.readBytes(path)) return piece[0] === 0x1f && piece[1] === 0x8b
  return false
}

/** Reads a bundle from its beginning to its end. UsageError when it is foreign, cut off, or not what its manifest says; `name` is what it is called in that. */
export async function readBundle(files: Files, path: string, name: string, visit: Visit): Promise<Manifest> {
  const unpacked = createGunzip()
  const fed = pipeline(files.readBytes(path), unpacked)
  fed.catch(() => {})
  try {
    return await readEntries(unpacked, name, visit)
  } catch (error) {
    throw packingError(error, name)
  } finally {
    unpacked.destroy()
  }
}

async function readEntries(unpacked: AsyncIterable<Uint8Array>, name: string, visit: Visit): Promise<Manifest> {
  let manifest: Manifest | undefined
  const awaited = new Map<string, CapturedFile>()
  for await (const entry of readTar(unpacked, name)) {
    if (manifest === undefined) {
      if (entry.path !== `${folder}/manifest.json` || entry.size > largestManifest)
        throw new UsageError(
          `${name} is not a bundle of task-mcp capture: it does not begin with a manifest`,
          'give a file that task-mcp capture wrote',
        )
      manifest = parseManifest((await bytesOf(entry.body)).toString('utf8'), name)
      for (const file of manifest.files) awaited.set(`${folder}/${file.path}`, file)
      continue
    }
    const file = awaited.get(entry.path)
    awaited.delete(entry.path)
    if (file === undefined) throw changed(name, `${entry.path} is in it, but not in its manifest`)
    await checked(entry, file, name, visit)
  }
  if (manifest === undefined) throw new UsageError(`${name} is empty`, 'give a file that task-mcp capture wrote')
  const [missing] = awaited.keys()
  if (missing !== undefined) throw changed(name, `${missing} is missing`)
  return manifest
}

async function checked(entry: TarEntry, file: CapturedFile, name: string, visit: Visit): Promise<void> {
  if (entry.size !== file.bytes) throw changed(name, `${file.path} has ${entry.size} bytes, and had ${file.bytes}`)
  const hash = createHash('sha256')
  const source = entry.body[Symbol.asyncIterator]()
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for (let next = await source.next(); !next.done; next = await source.next()) {
      hash.update(next.value)
      yield next.value
    }
  }
  await visit(file, hashed())
  for await (const _ of hashed());
  if (hash.digest('hex') !== file.sha256) throw changed(name, `the content of ${file.path} is not what was taken`)
}

/** All of a body. */
export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

const changed = (name: string, how: string): UsageError =>
  new UsageError(`${name} was changed after it was taken: ${how}`, 'do not rely on it; copy it again from where it was taken')

function packingError(error: unknown, name: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'Z_BUF_ERROR') return new UsageError(`${name} is cut off`, 'copy it again, or take another', { cause: error })
  if (code.startsWith('Z_'))
    return new UsageError(`${name} is not a bundle of task-mcp capture, or damaged`, 'give a file that task-mcp capture wrote', {
      cause: error,
    })
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
    return new UsageError(`cannot read ${name}: ${error instanceof Error ? error.message : code}`, 'check the path', { cause: error })
  return error
}
