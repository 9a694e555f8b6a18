/** Help, made from the table alone: pure text, so that it costs nothing to start. */
import { type ExitCode, exit } from '../errors.ts'
import { argumentsOf, type CommandEntry, flagParts, type Group, groups, nameOf, type OptionEntry } from './entry.ts'
import { clusterOptions, everywhereOptions, serviceOptions } from './options.ts'

const columns = 80

/** What the exit codes mean everywhere; an entry may say more for its own command. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  [exit.ok]: 'healthy, or done',
  [exit.bug]: 'a bug of task-mcp',
  [exit.usage]: 'the command line, a settings file or an input file is wrong',
  [exit.findings]: 'faults found',
  [exit.denied]: 'the cluster or a service denied access',
  [exit.unknown]: 'cannot tell, or something needed is not reachable',
  [exit.unverified]: 'applied but not verified, or the plan is out of date',
  [exit.declined]: 'declined: nothing was changed',
  [exit.interrupted]: 'interrupted',
}

/** `task-mcp --help`: every command under its heading. */
export function rootHelp(commands: readonly CommandEntry[], version: string): string {
  const width = Math.max(...commands.map((entry) => nameOf(entry).join(' ').length))
  const parts = [
    `task-mcp ${version}: find out why a service on Kubernetes is broken, and mend it.`,
    'Usage: task-mcp <command> [words] [options]',
  ]
  for (const group of Object.keys(groups) as Group[]) {
    const members = commands.filter((entry) => entry.group === group)
    if (members.length > 0)
      parts.push(
        section(
          groups[group],
          members.map((entry) => row(nameOf(entry).join(' '), entry.summary, width)),
        ),
      )
  }
  parts.push(optionSection('Options of every command', [...clusterOptions, ...everywhereOptions]))
  parts.push(
    'More, with examples: task-mcp help <command>. Codes: task-mcp help exit-codes.\nThe kubectl lines that people look up: task-mcp help commands',
  )
  return `${parts.join('\n\n')}\n`
}

/** `task-mcp runbook`: the commands that begin with these words. */
export function groupHelp(prefix: readonly string[], commands: readonly CommandEntry[]): string {
  const members = commands.filter((entry) => prefix.every((word, at) => nameOf(entry)[at] === word))
  const width = Math.max(...members.map((entry) => entry.usage.length))
  const rows = members.map((entry) => row(entry.usage, entry.summary, width))
  return `${section(`Commands of task-mcp ${prefix.join(' ')}`, rows)}\n\ntask-mcp help ${prefix.join(' ')} <command> tells more.\n`
}

/** `task-mcp help exit-codes`. */
export function exitCodesHelp(): string {
  return `${section(
    'Exit codes',
    Object.entries(exitMeanings).map(([code, meaning]) => row(code, meaning, 3)),
  )}\n`
}

/** `task-mcp X --help`. */
export function commandHelp(entry: CommandEntry): string {
  const parts = [`${entry.summary[0]!.toUpperCase()}${entry.summary.slice(1)}.`, `Usage: task-mcp ${entry.usage} [options]`]
  if (entry.about) parts.push(...entry.about.split('\n\n').map((paragraph) => wrap(paragraph, columns).join('\n')))
  const words = argumentsOf(entry).flatMap((word) => {
    const name = word.replace(/[<>[\]]|\.\.\./g, '')
    const about = entry.words?.[name]?.about
    return about ? [[word, about] as const] : []
  })
  if (words.length > 0) {
    const width = Math.max(...words.map(([word]) => word.length))
    parts.push(
      section(
        'Words',
        words.map(([word, about]) => row(word, about, width)),
      ),
    )
  }
  const own = entry.options.filter((option) => !serviceOptions.includes(option))
  const service = entry.options.filter((option) => serviceOptions.includes(option))
  const said = new Set(entry.options.map((option) => flagParts(option).long))
  const shared = (entry.cluster === false ? everywhereOptions : [...clusterOptions, ...everywhereOptions]).filter(
    (option) => !said.has(flagParts(option).long),
  )
  if (own.length > 0) parts.push(optionSection('Options', own))
  if (service.length > 0) parts.push(optionSection('Which service, and where its metrics are (see task-mcp config)', service))
  parts.push(optionSection('Options of every command', shared))
  if (entry.examples.length > 0) {
    parts.push(
      section(
        'Examples',
        entry.examples.flatMap((example) => [`  # ${example.about}`, `  ${example.line}`]),
      ),
    )
  }
  if (entry.exits)
    parts.push(
      section(
        'Exit codes',
        Object.entries(entry.exits).map(([code, meaning]) => row(code, meaning, 3)),
      ),
    )
  return `${parts.join('\n\n')}\n`
}

function optionSection(title: string, options: readonly OptionEntry[]): string {
  const shown = options.filter((option) => !option.hidden)
  const flags = shown.map((option) => (flagParts(option).short ? option.flags : `    ${option.flags}`))
  const width = Math.max(...flags.map((text) => text.length))
  return section(
    title,
    shown.map((option, at) => row(flags[at]!, option.choices ? `${option.summary} (${option.choices.join(', ')})` : option.summary, width)),
  )
}

const section = (title: string, lines: readonly string[]): string => [`${title}:`, ...lines].join('\n')

/** Two columns; the second one wraps under itself. */
function row(left: string, right: string, width: number): string {
  const indent = width + 4
  const [first = '', ...more] = wrap(right, Math.max(columns - indent, 24))
  return [`  ${left.padEnd(width)}  ${first}`.trimEnd(), ...more.map((line) => ' '.repeat(indent) + line)].join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
