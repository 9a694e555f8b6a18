/** `task-mcp runbook list | show NAME | lint`. */
import path from 'node:path'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { checks, unfilledChecks } from '../diagnosis/checks.ts'
import { type ExitCode, exit, UsageError } from '../errors.ts'
import type { Look } from '../output/page.ts'
import { renderLint, renderRunbook, renderRunbookList, withNames } from '../output/runbook.ts'
import { styleFor } from '../output/style.ts'
import { loadRunbooks, named } from '../runbook/directory.ts'
import { type Complaint, lint, type Shelf } from '../runbook/lint.ts'
import { metricCatalogue } from '../runbook/metrics.ts'
import { type Rules, readRules } from '../runbook/rules.ts'
import type { Runbook } from '../runbook/runbook.ts'
import type { CommandEntry, GlobalOptions } from './entry.ts'
import { parse } from './parse.ts'
import { find } from './words.ts'

const lookOf = ({ terminal }: Context, options: GlobalOptions): Look => ({
  columns: terminal.columns,
  style: styleFor(terminal),
  verbose: options.verbose,
})
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export async function list(context: Context, _args: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const books = (await loadRunbooks(context.files, context.root, settings.runbooks)).map((book) => relative(book, context))
  context.terminal.out(options.json ? json(books.map(summary)) : renderRunbookList(books, lookOf(context, options)))
  return exit.ok
}

const summary = ({ name, title, summary: about, symptoms, alerts, steps, file }: Runbook) => ({
  name,
  title,
  summary: about,
  symptoms,
  alerts,
  steps: steps.map(({ id, phase, kind }) => ({ id, phase, kind })),
  file,
})

export async function show(context: Context, [name = '']: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  const book = relative(named(await loadRunbooks(context.files, context.root, settings.runbooks), name), context)
  const { namespace, workload, service, port } = settings.service
  const filled = withNames(book, { NAMESPACE: namespace, WORKLOAD: workload, SERVICE: service, PORT: port })
  context.terminal.out(options.json ? json(filled) : renderRunbook(filled, lookOf(context, options)))
  return exit.ok
}

export async function check(context: Context, _args: readonly string[], options: GlobalOptions & { strict: boolean }): Promise<ExitCode> {
  const { settings } = await loadSettings(options, context)
  // The table holds the entry of this very command, so it is asked for here and not at the top of the file.
  const { commands } = await import('./index.ts')
  const books = (await loadRunbooks(context.files, context.root, settings.runbooks)).map((book) => relative(book, context))
  const complaints = lint(books, { ...shelf(commands), rules: await shippedRules(context) }).map((found) => strictly(found, options.strict))
  const errors = complaints.filter((found) => found.severity === 'error').length
  context.terminal.out(
    options.json ? json({ runbooks: books.length, errors, complaints }) : renderLint(complaints, books.length, lookOf(context, options)),
  )
  return errors > 0 ? exit.findings : exit.ok
}

const strictly = (found: Complaint, strict: boolean): Complaint =>
  strict && found.severity === 'unfilled' ? { ...found, severity: 'error' } : found

/** The file as somebody standing here would name it. */
function relative(book: Runbook, { cwd }: Context): Runbook {
  const near = path.relative(cwd, book.file)
  return near.startsWith('..') ? book : { ...book, file: near }
}

/** What this version has, without the rules, which are in a file. */
export function shelf(commands: readonly CommandEntry[]): Omit<Shelf, 'rules'> {
  return {
    checks: new Set(Object.keys(checks)),
    unfilledChecks: new Set(unfilledChecks),
    metrics: new Set(metricCatalogue),
    command: (words) => wrongWords(words, commands),
  }
}

function wrongWords(words: readonly string[], commands: readonly CommandEntry[]): ReturnType<Shelf['command']> {
  if (words[0] === 'help' || words.includes('--help') || words.includes('--version')) return undefined
  const { entry, rest, stray } = find(words, commands)
  if (!entry || stray !== undefined) return { kind: 'unknown', says: 'this version has no such command' }
  try {
    parse(entry, rest)
    return undefined
  } catch (error) {
    if (error instanceof UsageError) return { kind: 'wrong', says: error.message }
    throw error
  }
}

async function shippedRules({ files, root }: Context): Promise<Rules | undefined> {
  const file = `${root}/deploy/prometheus/rules.yaml`
  return (await files.exists(file)) ? readRules(await files.read(file), file) : undefined
}
