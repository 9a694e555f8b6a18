import { StoreError, type StoreProblem } from './port.ts'

/** Error classes and codes of PostgreSQL (Appendix A of its manual) and of the socket that are nobody's programming mistake. */
const problems: ReadonlyArray<readonly [pattern: RegExp, problem: StoreProblem, words: string]> = [
  [/^(28|42501)/, 'denied', 'PostgreSQL refused us'],
  [/^3D000/, 'unavailable', 'the database does not exist'],
  [/^(42P01|3F000)/, 'no_schema', 'the database has lost tables of ours'],
  [/^25006/, 'read_only', 'PostgreSQL is read-only'],
  [/^53100/, 'full', 'the disk of PostgreSQL is full'],
  [/^53/, 'busy', 'PostgreSQL has no room for us'],
  [/^(57014|55P03|25P03)/, 'timeout', 'PostgreSQL took too long'],
  [/^(40001|40P01)/, 'busy', 'other writers were in the way too often'],
  [/^(08|57P|55000)/, 'unavailable', 'PostgreSQL is going away or not there'],
  [/^58/, 'unavailable', 'PostgreSQL met an error of its system'],
  [/^XX001|^XX002/, 'damaged', 'PostgreSQL found damaged data'],
  [/^E[A-Z]+$/, 'unavailable', 'PostgreSQL cannot be reached'],
]

/** Conflicts that go away when the transaction is run again. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === '40001' || codeOf(error) === '40P01'
}

/** A table that the statement names is not there. */
export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === '42P01'
}

/** Takes what pg threw and where the database is. Gives a StoreError for trouble with the store, anything else unchanged. */
export function postgresError(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error
  const code = codeOf(error)
  const said = error.message === '' ? (code ?? 'no reason given') : error.message
  const known = problems.find(([pattern]) => code !== undefined && pattern.test(code))
  if (known !== undefined) return new StoreError(known[1], `${known[2]} (${place}: ${said})`, { cause: error })
  if (/timeout exceeded when trying to connect|Query read timeout/.test(said))
    return new StoreError(
      'timeout',
      `${/Query/.test(said) ? 'PostgreSQL did not answer in time' : 'no connection to PostgreSQL became free in time'} (${place})`,
      { cause: error },
    )
  if (/Connection terminated|Client has encountered a connection error|not queryable/.test(said))
    return new StoreError('unavailable', `the connection to PostgreSQL was lost (${place}: ${said})`, { cause: error })
  return error
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
