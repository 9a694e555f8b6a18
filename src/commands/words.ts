/** Finding the command in a command line, without a parser: the table is enough. */

import { argumentsOf, type CommandEntry, flagParts, nameOf, type OptionEntry } from './entry.ts'
import { clusterOptions, everywhereOptions } from './options.ts'

export interface Found {
  /** The command whose whole name was said, the longest that fits. */
  entry: CommandEntry | undefined
  /** The words said so far that begin some command's name: `['runbook']`. Empty when the first word begins none. */
  prefix: string[]
  /** The command line without the command's name. */
  rest: string[]
  /** The first word that is part of no command's name, when no command was found. */
  stray: string | undefined
}

/** All options of a command, its own first; an own option takes the place of a shared one with the same long flag. */
export function optionsOf(entry: CommandEntry): readonly OptionEntry[] {
  const shared = entry.cluster === false ? everywhereOptions : [...clusterOptions, ...everywhereOptions]
  const own = new Set(entry.options.map((option) => flagParts(option).long))
  return [...entry.options, ...shared.filter((option) => !own.has(flagParts(option).long))]
}

const flagsWithValue = (options: readonly OptionEntry[]): string[] =>
  options.flatMap((option) => {
    const { short, long, value } = flagParts(option)
    return value ? [long, ...(short ? [short] : [])] : []
  })

const sharedWithValue = new Set(flagsWithValue([...clusterOptions, ...everywhereOptions]))

/** Split a command line into the command it names and the rest. Shared options may come before the name, as in `task-mcp -n shop status`. */
export function find(argv: readonly string[], commands: readonly CommandEntry[]): Found {
  const names = commands.map((entry) => ({ entry, name: nameOf(entry) }))
  const words: string[] = []
  const rest: string[] = []
  let stray: string | undefined
  let index = 0
  for (; index < argv.length; index++) {
    const word = argv[index]!
    if (word === '--') break
    if (word.startsWith('-') && word !== '-') {
      rest.push(word)
      // `slo-budget --slo latency check`: the value of a command's own option is no word of a longer command.
      const own = names.find(({ name }) => name.length === words.length && name.every((part, at) => part === words[at]))?.entry.options
      if ((sharedWithValue.has(word) || (own && flagsWithValue(own).includes(word))) && index + 1 < argv.length) rest.push(argv[++index]!)
      continue
    }
    const longer = [...words, word]
    if (!names.some(({ name }) => longer.every((part, at) => name[at] === part))) {
      stray = word
      break
    }
    words.push(word)
  }
  rest.push(...argv.slice(index))
  const entry = names.find(({ name }) => name.length === words.length && name.every((part, at) => part === words[at]))?.entry
  const takesWord =
    entry !== undefined &&
    (argumentsOf(entry).length > 0 || !names.some(({ name }) => name.length > words.length && words.every((part, at) => name[at] === part)))
  return { entry, prefix: words, rest, stray: takesWord ? undefined : stray }
}
