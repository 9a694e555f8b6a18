/** Where runbooks are: the shipped ones, and a directory of the user's own. */
import type { Files } from '../context.ts'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { parseRunbook } from './load.ts'
import type { Runbook } from './runbook.ts'

/**
 * Takes the folder of the package and, where the user has one, a directory of their own; gives all runbooks in the order of
 * their names. One of the user's takes the place of a shipped one with the same name. Throws UsageError with file and line.
 */
export async function loadRunbooks(files: Files, root: string, own: string | undefined): Promise<Runbook[]> {
  const books = new Map<string, Runbook>()
  for (const directory of [`${root}/runbooks`, ...(own ? [own] : [])]) {
    for (const book of await loadDirectory(files, directory)) books.set(book.name, book)
  }
  return [...books.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function loadDirectory(files: Files, directory: string): Promise<Runbook[]> {
  let names: string[]
  try {
    names = await files.list(directory)
  } catch (error) {
    throw new UsageError(
      `cannot read the runbooks in ${directory}: ${error instanceof Error ? error.message : error}`,
      'check --runbooks',
      { cause: error },
    )
  }
  const found = names.filter((name) => name.endsWith('.md') && name !== 'README.md').sort()
  if (found.length === 0)
    throw new UsageError(`there is no runbook in ${directory}`, 'a runbook is a file NAME.md; docs/runbooks.md has its form')
  return Promise.all(found.map(async (name) => parseRunbook(await files.read(`${directory}/${name}`), `${directory}/${name}`)))
}

/** The runbook of that name, or a UsageError that says what was meant. */
export function named(books: readonly Runbook[], name: string): Runbook {
  const names = books.map((book) => book.name)
  const book = books.find((candidate) => candidate.name === name)
  if (book) return book
  const meant = nearest(name, names)
  throw new UsageError(`no runbook is called "${name}"`, `${meant ? `did you mean ${meant}?  ` : ''}task-mcp runbook list`)
}
