import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { openTerminal, type Streams, wantsColor } from '../../src/commands/terminal.ts'

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
  [{ FORCE_COLOR: '1', TERM: 'dumb' }, false, true],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
])('with %j and a terminal %s, colours are %s', (env, isTTY, color) => {
  expect(wantsColor(env, isTTY)).toBe(color)
})

/** Streams of a person, with what they type. */
function aPerson(columns = 100) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns })
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns })
  let shown = ''
  stderr.on('data', (data) => {
    shown += data
  })
  return { streams: { stdin, stdout, stderr } as unknown as Streams, type: (text: string) => stdin.write(text), shown: () => shown, stdout }
}

test('questions are asked on stderr, and stdout stays clean', async () => {
  const person = aPerson()
  const terminal = openTerminal(person.streams, {}, new AbortController().signal, () => {})
  const answer = terminal.confirm('Roll back task-mcp-http to revision 7?')
  await expect.poll(person.shown).toContain('Roll back task-mcp-http to revision 7?')
  person.type('y\n')
  expect(await answer).toBe(true)
  expect(person.stdout.read()).toBeNull()
})

test.each([40, 60, 80, 100, 109, 110, 111, 112])('a long question in %i columns does not have its answers broken', async (columns) => {
  const person = aPerson(columns)
  const terminal = openTerminal(person.streams, {}, new AbortController().signal, () => {})
  const answer = terminal.confirm(
    'Scale statefulset/pier-pg from 0 to 1 in namespace dune-vi9i8 on test-cluster (https://10.250.0.1:6443)?',
  )
  await expect.poll(person.shown).toContain('6443)?')
  const lines = stripVTControlCharacters(person.shown()).split(/\r?\n/)
  expect(lines.some((line) => line.includes(' (y/N)'))).toBe(true)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
  person.type('y\n')
  expect(await answer).toBe(true)
})

test('no answer is no', async () => {
  const person = aPerson()
  const terminal = openTerminal(person.streams, {}, new AbortController().signal, () => {})
  const answer = terminal.confirm('Sure?')
  await expect.poll(person.shown).toContain('Sure?')
  person.type('\n')
  expect(await answer).toBe(false)
})

test('Ctrl-C in a question is an interruption', async () => {
  const person = aPerson()
  const stop = new AbortController()
  const terminal = openTerminal(person.streams, {}, stop.signal, () => {})
  const answer = terminal.input('Who are you?')
  const fails = expect(answer).rejects.toThrow('interrupted')
  await expect.poll(person.shown).toContain('Who are you?')
  stop.abort()
  await fails
})

test('a stdout that is gone says so once, and swallows the rest', () => {
  const person = aPerson()
  let times = 0
  const terminal = openTerminal(person.streams, {}, new AbortController().signal, () => {
    times++
  })
  person.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  person.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  terminal.out('more')
  expect(times).toBe(1)
  expect(person.stdout.read()).toBeNull()
})
