import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { argumentsOf, flagParts, groups, nameOf } from '../../src/commands/entry.ts'
import { exitMeanings } from '../../src/commands/help.ts'
import { commands } from '../../src/commands/index.ts'
import { parse } from '../../src/commands/parse.ts'
import { find, optionsOf } from '../../src/commands/words.ts'
import { exit } from '../../src/errors.ts'
import { aWorld, cli } from '../support/world.ts'

const type = cli(aWorld())
const names = commands.map((entry) => nameOf(entry).join(' '))

describe('help', () => {
  test('lists every command, under its heading, in 80 columns', async () => {
    const { code, out } = await type('--help')
    expect(code).toBe(0)
    for (const entry of commands) {
      expect(out).toContain(`  ${nameOf(entry).join(' ')} `)
      expect(out).toContain(groups[entry.group])
    }
    expect(longest(out)).toBeLessThanOrEqual(80)
  })

  test('is the same by all its names', async () => {
    const { out } = await type('--help')
    expect((await type()).out).toBe(out)
    expect((await type('help')).out).toBe(out)
    expect((await type('-h')).out).toBe(out)
    expect((await type('help', names[0]!.split(' ')[0]!)).out).toBe((await type(names[0]!.split(' ')[0]!, '--help')).out)
  })

  test.each(commands.map((entry) => [nameOf(entry).join(' '), entry] as const))('%s: usage, options, examples', async (name, entry) => {
    const { code, out } = await type(...name.split(' '), '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Usage: task-mcp ${entry.usage}`)
    for (const option of optionsOf(entry).filter((option) => !option.hidden)) expect(out).toContain(flagParts(option).long)
    for (const flag of ['--json', '--config', '--no-color', '--verbose', '--help']) expect(out).toContain(flag)
    if (entry.cluster !== false) for (const flag of ['--context', '--kubeconfig', '--namespace', '--timeout']) expect(out).toContain(flag)
    expect(entry.examples.length).toBeGreaterThan(0)
    for (const example of entry.examples) expect(out).toContain(example.line)
    // Usage and examples are lines to copy: those are not broken.
    const proseAndOptions = out
      .split('\n\n')
      .filter((part) => !/^(Examples|Usage):/.test(part))
      .join('\n')
    expect(longest(proseAndOptions)).toBeLessThanOrEqual(80)
  })

  test('lists the exit codes', async () => {
    const { out } = await type('help', 'exit-codes')
    for (const [code, meaning] of Object.entries(exitMeanings)) expect(out).toMatch(new RegExp(`^  ${code} +${meaning.slice(0, 20)}`, 'm'))
    expect(
      Object.keys(exitMeanings)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Object.values(exit).sort((a, b) => a - b))
  })
})

describe('the table of commands', () => {
  test('has every name once, and no command hides the words of another', () => {
    expect(new Set(names).size).toBe(names.length)
    for (const entry of commands) {
      const longer = commands.some(
        (other) =>
          other !== entry &&
          nameOf(other)
            .join(' ')
            .startsWith(`${nameOf(entry).join(' ')} `),
      )
      // Words of a closed list cannot be taken for a command, nor those that have a spelling of their own.
      const free = argumentsOf(entry).filter((word) => {
        const known = entry.words?.[word] ?? entry.words?.[word.replace(/^[<[]|[\]>]$/g, '')]
        return !Array.isArray(known?.completes) && known?.spelled === undefined
      })
      if (longer) expect(free, `${entry.usage} also begins other commands`).toEqual([])
    }
  })

  test('has no flag twice in one command', () => {
    for (const entry of commands) {
      const flags = optionsOf(entry).flatMap((option) => [flagParts(option).long, flagParts(option).short ?? flagParts(option).long])
      const longs = optionsOf(entry).map((option) => flagParts(option).long)
      expect(new Set(longs).size, entry.usage).toBe(longs.length)
      const shorts = flags.filter((flag) => !flag.startsWith('--'))
      expect(new Set(shorts).size, entry.usage).toBe(shorts.length)
    }
  })

  test.each(commands.map((entry) => [entry.usage, entry] as const))('%s has a module behind it', async (_usage, entry) => {
    expect(typeof (await entry.load()).run).toBe('function')
  })

  test.each(commands.flatMap((entry) => entry.examples.map((example) => [example.line] as const)))('the example "%s" parses', (line) => {
    const call = /task-mcp ([^|;&)>]*)/.exec(line)
    expect(call, 'an example calls task-mcp').not.toBeNull()
    const found = find(words(call![1]!), commands)
    expect(found.entry, 'and names a command').toBeDefined()
    expect(() => parse(found.entry!, found.rest)).not.toThrow()
  })

  test('has every entry that was written', () => {
    const folder = path.resolve(import.meta.dirname, '../../src/commands')
    for (const file of readdirSync(path.join(folder, 'entries'))) {
      const isListed = commands.some((entry) => String(entry.load).includes(`/${file}`) || nameOf(entry)[0] === file.replace('.ts', ''))
      if (existsSync(path.join(folder, file))) expect(isListed, `src/commands/entries/${file} is not in src/commands/index.ts`).toBe(true)
    }
  })
})

const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))

/** The words of a shell line; quotes hold words together. */
const words = (line: string) => [...line.trim().matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!)
