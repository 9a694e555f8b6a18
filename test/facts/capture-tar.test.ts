import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { bytesOf } from '../../src/facts/capture-read.ts'
import { readTar, tarOf } from '../../src/facts/capture-tar.ts'

const files = [
  { path: 'capture/manifest.json', text: '{}' },
  { path: 'capture/logs/shop-1/web.log', text: 'x'.repeat(512) },
  { path: `capture/logs/${'a'.repeat(90)}/${'b'.repeat(90)}.log`, text: 'long' },
  { path: 'capture/empty.txt', text: '' },
  { path: 'capture/ümlaut.txt', text: 'ü'.repeat(700) },
]
const entries = () => files.map(({ path: place, text }) => ({ path: place, size: Buffer.byteLength(text), body: [Buffer.from(text)] }))
const packed = () => bytesOf(tarOf(entries(), 1_700_000_000))

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Uint8Array, size = 1000): Promise<{ path: string; text: string }[]> {
  const found: { path: string; text: string }[] = []
  for await (const entry of readTar(inPieces(bytes, size), 'b.tar.gz'))
    found.push({ path: entry.path, text: (await bytesOf(entry.body)).toString() })
  return found
}

test('what is written is read, in whatever pieces it comes', async () => {
  for (const size of [1, 100, 512, 100_000]) expect(await read(await packed(), size)).toEqual(files)
})

test('the same files make the same bytes', async () => {
  expect((await packed()).equals(await packed())).toBe(true)
})

test('tar itself unpacks it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tar-'))
  try {
    writeFileSync(path.join(folder, 'b.tar'), await packed())
    execFileSync('tar', ['xf', 'b.tar'], { cwd: folder })
    for (const { path: place, text } of files) expect(readFileSync(path.join(folder, place), 'utf8')).toBe(text)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('an archive that ends anywhere too early is said to be cut off', async () => {
  const whole = await packed()
  const end = whole.length - 1024
  for (const length of [1, 511, 512, 513, 1500, end - 1, end, end + 100])
    await expect(read(whole.subarray(0, length))).rejects.toThrow(/cut off/)
})

test('a changed header, or something else, is no bundle', async () => {
  const bytes = await packed()
  bytes[3]! ^= 1
  await expect(read(bytes)).rejects.toThrow(UsageError)
  await expect(read(Buffer.alloc(2048, 'hello'))).rejects.toThrow(/not a bundle/)
})

test('a file that is longer or shorter than it said fails instead of spoiling the rest', async () => {
  await expect(bytesOf(tarOf([{ path: 'a', size: 3, body: [Buffer.from('four')] }], 0))).rejects.toThrow(/4 bytes instead of 3/)
})
