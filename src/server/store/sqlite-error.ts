import { StoreError, type StoreProblem } from './port.ts'

/** SQLite's primary result codes that are nobody's programming mistake, and what they mean to us. */
const problems = new Map<number, readonly [StoreProblem, string]>([
  [3, ['denied', 'permission to the database file is denied']],
  [5, ['busy', 'the database is locked by another process']],
  [6, ['busy', 'a table of the database is locked']],
  [8, ['read_only', 'the database is read-only: its file, its directory or the file system cannot be written']],
  [10, ['unavailable', 'the disk failed to read or write the database']],
  [11, ['damaged', 'the database file is damaged']],
  [13, ['full', 'the database is full: its size limit is reached or the disk has no space']],
  [14, ['unavailable', 'the database file cannot be opened: it, or its directory, is not there or cannot be written']],
  [26, ['damaged', 'the file is not a database']],
])

/** Takes what node:sqlite threw. Gives a StoreError for trouble with the store, anything else unchanged. */
export function sqliteError(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  if (/^no such table/.test(error.message))
    return new StoreError('no_schema', `the database has lost tables of ours (${place}: ${error.message})`, { cause: error })
  const known = problems.get(error.errcode & 0xff)
  if (known === undefined) return error
  return new StoreError(known[0], `${known[1]} (${place}: ${error.message}, SQLite code ${error.errcode})`, { cause: error })
}

const [readOnly, inputOutput] = [8, 10]

/** True for what `sqliteError` gave when the file, or the disk under it, takes no writes. */
export function cannotWrite(error: unknown): boolean {
  const code = error instanceof StoreError ? (error.cause as { errcode?: number } | undefined)?.errcode : undefined
  return code !== undefined && [readOnly, inputOutput].includes(code & 0xff)
}
