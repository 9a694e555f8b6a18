/** Files as the real world writes them. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { files } from '../../src/world.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'files-'))
  onTestFinished(() => rm(folder, { recursive: true }))
})
const at = (...names: string[]) => path.join(folder, ...names)

async function* pieces(...all: string[]) {
  for (const piece of all) yield Buffer.from(piece)
}

test('folders are made on the way, and what was there is replaced whole', async () => {
  await files.write(at('new', 'one.json'), 'first')
  await files.write(at('new', 'one.json'), 'second')
  await files.writeBytes(at('new', 'two.gz'), pieces('a', 'b'))
  await files.append(at('new', 'three.jsonl'), '1\n')
  await files.append(at('new', 'three.jsonl'), '2\n')
  const read = (name: string) => readFile(at('new', name), 'utf8')
  expect([await read('one.json'), await read('two.gz'), await read('three.jsonl')]).toEqual(['second', 'ab', '1\n2\n'])
})

test('a place that cannot be written is named, with the reason, and nothing is left beside it', async () => {
  await mkdir(at('folder'))
  await writeFile(at('file'), '')
  const refused = (work: Promise<void>, words: RegExp) =>
    expect(work).rejects.toThrow(expect.objectContaining({ constructor: UsageError, message: expect.stringMatching(words) }))
  await refused(files.write(at('folder'), 'x'), /^cannot write .*folder: illegal operation on a directory$/)
  await refused(files.write(at('file', 'below'), 'x'), /^cannot write .*below: (?:not a directory|file already exists)$/)
  await refused(files.append(at('folder'), 'x'), /^cannot write .*folder: illegal operation on a directory$/)
  await refused(files.writeBytes(at('folder'), pieces('x')), /^cannot write .*folder: illegal operation on a directory$/)
  expect((await readdir(folder)).sort()).toEqual(['file', 'folder'])
})

test('what breaks off in the middle leaves what was there', async () => {
  await files.write(at('kept'), 'whole')
  async function* broken() {
    yield Buffer.from('half')
    throw new Error('the source broke off')
  }
  await expect(files.writeBytes(at('kept'), broken())).rejects.toThrow('the source broke off')
  expect(await readFile(at('kept'), 'utf8')).toBe('whole')
  expect(await readdir(folder)).toEqual(['kept'])
})
