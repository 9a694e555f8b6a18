/** One command's part of a command line, read by commander as its entry says. */
import { Command, CommanderError, Option } from 'commander'
import { parseDuration } from '../duration.ts'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { argumentsOf, type CommandEntry, flagParts, nameOf, type OptionEntry } from './entry.ts'
import { optionsOf } from './words.ts'

export interface Parsed {
  args: string[]
  /** Camel case, one key per option that was said; switches are false when not said. */
  options: Record<string, unknown>
}

/** Read the words after a command's name. UsageError for anything the entry does not have, with what was meant. */
export function parse(entry: CommandEntry, rest: readonly string[]): Parsed {
  const name = nameOf(entry).join(' ')
  const help = `task-mcp ${name} --help`
  const command = new Command(name).exitOverride().allowExcessArguments(false).helpOption(false)
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const argument of argumentsOf(entry)) command.argument(argument)
  const options = optionsOf(entry)
  for (const option of options) command.addOption(commanderOption(option))
  try {
    command.parse(rest, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error, name, help, rest, options)
    throw error
  }
  return { args: command.args, options: command.opts() }
}

function commanderOption(option: OptionEntry): Option {
  const { long, value } = flagParts(option)
  const made = new Option(option.flags, option.summary)
  if (!value && !long.startsWith('--no-')) made.default(false)
  if (value) {
    made.argParser((text: string, before: unknown) => {
      const read = readValue(option, long, text)
      return option.repeat ? [...(Array.isArray(before) ? before : []), read] : read
    })
  }
  return made
}

function readValue(option: OptionEntry, long: string, text: string): string | number {
  if (option.choices && !option.choices.includes(text)) {
    const meant = nearest(text, option.choices)
    throw new UsageError(
      `${long} does not know "${text}"`,
      `${meant ? `did you mean ${meant}?  ` : ''}it takes ${option.choices.join(', ')}`,
    )
  }
  const wrong = (what: string, example: string) => new UsageError(`${long} takes ${what}, not "${text}"`, `for example ${long} ${example}`)
  switch (option.kind ?? 'text') {
    case 'text':
      return text
    case 'duration': {
      const seconds = parseDuration(text)
      if (seconds === undefined) throw wrong('a duration', '90s, 5m or 1h30m')
      return seconds
    }
    case 'integer':
      if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) throw wrong('a whole number', '3')
      return Number(text)
    case 'number':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw wrong('a number', '2.5')
      return Number(text)
    case 'ratio': {
      const ratio = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
      if (text.trim() === '' || !(ratio >= 0 && ratio <= 1)) throw wrong('a ratio', '0.05 or 5%')
      return ratio
    }
  }
}

function usageError(
  error: CommanderError,
  name: string,
  help: string,
  rest: readonly string[],
  options: readonly OptionEntry[],
): UsageError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  switch (error.code) {
    case 'commander.unknownOption': {
      const flag = quoted.split('=')[0]!
      const flags = options
        .filter((option) => !option.hidden)
        .flatMap((option) => {
          const { short, long } = flagParts(option)
          return flag.startsWith('--') || !short ? [long] : [short, long]
        })
      const meant = flag.startsWith('--') ? nearest(flag, flags) : undefined
      return new UsageError(`${name} has no option ${flag}`, meant ? `did you mean ${meant}?  ${help}` : help)
    }
    case 'commander.optionMissingArgument':
      return new UsageError(`${quoted} needs a value`, help)
    case 'commander.missingArgument':
      return new UsageError(`${name} needs <${quoted}>`, help)
    case 'commander.excessArguments':
      return new UsageError(`${name} was given more words than it takes: ${rest.filter((word) => !word.startsWith('-')).join(' ')}`, help)
    default:
      return new UsageError(`${name}: ${error.message.replace(/^error: /, '')}`, help)
  }
}
