/** What a shell may offer for the word under the cursor: the one completer behind the scripts of all shells. */
import type { Context } from '../context.ts'
import { type ExitCode, exit } from '../errors.ts'
import { type Names, namesFor } from './complete-names.ts'
import { argumentsOf, type CommandEntry, type Completes, flagParts, nameOf, type OptionEntry } from './entry.ts'
import { find, optionsOf } from './words.ts'

export interface Candidate {
  word: string
  about: string
}

/** Candidates for a word; `files` asks the shell to offer its own files or folders. */
export interface Offer {
  candidates: Candidate[]
  files?: 'file' | 'directory'
}

/** The hidden command that the scripts call with the words before the cursor and the word under it. Prints `word<TAB>about` lines. */
export async function complete(words: readonly string[], context: Context, commands: readonly CommandEntry[]): Promise<ExitCode> {
  const offer = await offerFor(words, commands, namesFor(context, words))
  if (offer.files) context.terminal.out(`:${offer.files}\n`)
  for (const { word, about } of offer.candidates) context.terminal.out(`${word}\t${about}\n`)
  return exit.ok
}

/** `words` ends with the word under the cursor, empty when it is yet to begin. */
export async function offerFor(words: readonly string[], commands: readonly CommandEntry[], names: Names): Promise<Offer> {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const helping = before[0] === 'help'
  const found = find(helping ? before.slice(1) : before, commands)
  const options = found.entry
    ? optionsOf(found.entry)
    : commands[0]
      ? optionsOf(commands[0]).filter((option) => !commands[0]!.options.includes(option))
      : []
  const pending = options.find((option) => takesValue(option) && namesOf(option).includes(before.at(-1) ?? ''))
  const assigned = /^(--[^=]+)=(.*)$/.exec(current)
  if (assigned) {
    const option = options.find((candidate) => takesValue(candidate) && flagParts(candidate).long === assigned[1])
    const offer = await valuesOf(option?.choices ?? option?.completes, assigned[2]!, commands, names)
    return { ...offer, candidates: offer.candidates.map(({ word, about }) => ({ word: `${assigned[1]}=${word}`, about })) }
  }
  if (pending) return valuesOf(pending.choices ?? pending.completes, current, commands, names)
  if (current.startsWith('-')) {
    const said = new Set(before)
    return starting(
      current,
      options
        .filter((option) => !option.hidden && (option.repeat || !namesOf(option).some((name) => said.has(name))))
        .map((option) => ({ word: flagParts(option).long, about: option.summary })),
    )
  }
  const next = commands.flatMap((entry) => {
    const name = nameOf(entry)
    if (!found.prefix.every((word, at) => name[at] === word) || name.length <= found.prefix.length) return []
    const word = name[found.prefix.length]!
    return [{ word, about: name.length === found.prefix.length + 1 ? entry.summary : `${word} commands` }]
  })
  const firstOfEach = next.filter((candidate, at) => next.findIndex(({ word }) => word === candidate.word) === at)
  if (found.prefix.length === 0 && found.stray === undefined && !helping) firstOfEach.push({ word: 'help', about: 'help for a command' })
  if (helping || !found.entry) return starting(current, found.stray === undefined ? firstOfEach : [])
  const position = positionals(found.rest, options).length
  const wanted = argumentsOf(found.entry)
  const word = wanted[position] ?? (wanted.at(-1)?.includes('...') ? wanted.at(-1) : undefined)
  const own = word
    ? await valuesOf(found.entry.words?.[word.replace(/[<>[\]]|\.\.\./g, '')]?.completes, current, commands, names)
    : { candidates: [] }
  return { ...own, candidates: [...own.candidates, ...(position === 0 ? starting(current, firstOfEach).candidates : [])] }
}

const takesValue = (option: OptionEntry): boolean => flagParts(option).value !== undefined

const namesOf = (option: OptionEntry): string[] => {
  const { short, long } = flagParts(option)
  return short ? [short, long] : [long]
}

function starting(current: string, candidates: Candidate[]): Offer {
  return { candidates: candidates.filter(({ word }) => word.startsWith(current)) }
}

async function valuesOf(
  completes: Completes | undefined,
  current: string,
  commands: readonly CommandEntry[],
  names: Names,
): Promise<Offer> {
  if (completes === undefined) return { candidates: [] }
  if (completes === 'file' || completes === 'directory') return { candidates: [], files: completes }
  if (completes === 'command')
    return starting(
      current,
      commands.map((entry) => ({ word: nameOf(entry)[0]!, about: entry.summary })),
    )
  if (typeof completes === 'string') {
    const found = await names(completes)
    return starting(
      current,
      found.map((word) => ({ word, about: completes })),
    )
  }
  return starting(
    current,
    completes.map((word) => ({ word, about: '' })),
  )
}

/** The words of a command line that are neither options nor their values. */
function positionals(rest: readonly string[], options: readonly OptionEntry[]): string[] {
  const words: string[] = []
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index]!
    if (!word.startsWith('-')) words.push(word)
    else if (options.some((option) => takesValue(option) && namesOf(option).includes(word))) index++
  }
  return words
}
