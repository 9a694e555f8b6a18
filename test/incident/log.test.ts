import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, entryOf, newEntry } from '../../src/incident/entry.ts'
import { lineOf, readLog } from '../../src/incident/log.ts'

const note = (text: string, second = 0) =>
  newEntry({ type: 'note', text }, { incident: 'inc-1', now: Date.UTC(2026, 9, 25, 0, 59, second), by: 'kim' })
const file = [note('one', 1), note('two', 2), note('three', 3)]
const text = file.map(lineOf).join('')
const texts = (entries: readonly Entry[]) => entries.map((entry) => (entry.type === 'note' ? entry.text : entry.type))

test('what was written is read back', () => {
  expect(readLog(text, 'inc-1')).toEqual({ entries: file, damage: [], ended: true })
})

test('a line cut by a crash: the others are kept, the damage is named', () => {
  const cut = text.slice(0, -30)
  const { entries, damage, ended } = readLog(cut, 'inc-1')
  expect(texts(entries)).toEqual(['one', 'two'])
  expect(damage).toEqual([{ line: 3, bytes: lineOf(file[2]!).length - 30, why: 'cut off', kept: 0 }])
  expect(ended).toBe(false)
})

test('a line that another was written into still gives the whole entry in it', () => {
  const { entries, damage } = readLog(`${lineOf(file[0]!)}${lineOf(file[1]!).slice(0, 40)}${lineOf(file[2]!)}`, 'inc-1')
  expect(texts(entries)).toEqual(['one', 'three'])
  expect(damage).toMatchObject([{ line: 2, why: 'two lines run into one', kept: 1 }])
})

test('a block of zeros, as a disk leaves it after a power cut, costs its line alone', () => {
  const { entries, damage } = readLog(`${lineOf(file[0]!)}${'\0'.repeat(512)}\n${lineOf(file[2]!)}`, 'inc-1')
  expect(texts(entries)).toEqual(['one', 'three'])
  expect(damage).toEqual([{ line: 2, bytes: 512, why: 'not a line of this record', kept: 0 }])
})

test('JSON that is no entry of this incident is damage, and is not read as one', () => {
  const other = { ...file[1]!, incident: 'inc-2' }
  const { entries, damage } = readLog(`${lineOf(file[0]!)}${JSON.stringify(other)}\n{"id":"x"}\n`, 'inc-1')
  expect(texts(entries)).toEqual(['one'])
  expect(damage.map(({ line, why }) => [line, why])).toEqual([
    [2, 'not an entry of this incident'],
    [3, 'not an entry of this incident'],
  ])
})

test('wherever a file is cut, every whole line before the cut is kept', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length }), (at) => {
      const whole = text.slice(0, at).split('\n').length - 1
      const read = readLog(text.slice(0, at), 'inc-1').entries.length
      // The last line is whole without its end, too.
      return read === whole || read === whole + 1
    }),
  )
})

test('an entry of a newer release is kept as it is', () => {
  const newer = { ...file[0]!, type: 'hologram', shape: 'cube' }
  expect(entryOf(newer)).toMatchObject({ type: 'hologram', shape: 'cube' })
})

test('credentials are taken out of every text on its way in, and out of what others wrote', () => {
  const canary = 'hunter2-canary'
  const told = newEntry(
    {
      type: 'command',
      line: `task-mcp x --url https://ops:${canary}@db.example/`,
      exitCode: 0,
      seconds: 1,
      said: `password=${canary} and Bearer ${canary}abc`,
      changes: [{ id: 'a1', summary: `token: ${canary}`, outcome: 'applied', said: `secret="${canary}"` }],
    },
    { incident: 'inc-1', now: 0, by: 'kim' },
  )
  expect(JSON.stringify(told)).not.toContain(canary)
  const foreign = { ...note('x'), text: `api_key=${canary}` }
  expect(JSON.stringify(readLog(lineOf(foreign), 'inc-1'))).not.toContain(canary)
})

test('names of objects are no credentials, and stay', () => {
  const said =
    'GET /health/ready of pod/lantern-board-7f58ccc4f-cs5q2:5050: 503; shop-4711/lantern-board-7f58ccc4f-cs5q2; inc-20261123-1321-hdf'
  expect(note(said)).toMatchObject({ text: said })
})
