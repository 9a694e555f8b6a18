/** A shared record in one PostgreSQL table. */
import pg from 'pg'
import { DeniedError, InterruptedError, UnreachableError, UsageError } from '../errors.ts'
import type { SharedRecord } from './shared-record.ts'

const table = `CREATE TABLE IF NOT EXISTS task_mcp_incident_entries (
  record text NOT NULL, id text NOT NULL, entry text NOT NULL, added timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (record, id))`

/** Two that make the table at once would both try; whoever holds this makes it. */
const makingLock = 7_230_114_002

/** Records in the database of a URL (`postgres://user:password@host:5432/name`). Connected when first asked; the table is made when it is missing. */
export function postgresRecord(url: string, timeoutSeconds: number): SharedRecord {
  const place = placeOf(url)
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'task-mcp incident',
    max: 2,
    connectionTimeoutMillis: timeoutSeconds * 1000,
    statement_timeout: timeoutSeconds * 1000,
    query_timeout: timeoutSeconds * 1000 + 500,
  })
  pool.on('error', () => undefined)
  const ask = async <T>(signal: AbortSignal, work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
    if (signal.aborted) throw new InterruptedError()
    try {
      return await work(pool)
    } catch (error) {
      throw explained(error, place)
    }
  }
  const make = async (): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('SELECT pg_advisory_xact_lock($1)', [makingLock])
      await client.query(table)
      await client.query('COMMIT')
    } finally {
      client.release()
    }
  }
  return {
    where: `PostgreSQL ${place}`,
    names: (signal) =>
      ask(signal, async () => {
        const { rows } = await pool.query('SELECT DISTINCT record FROM task_mcp_incident_entries ORDER BY record').catch(nothingYet)
        return rows.map((row) => String(row.record))
      }),
    read: (name, signal) =>
      ask(signal, async () => {
        const { rows } = await pool.query('SELECT id, entry FROM task_mcp_incident_entries WHERE record = $1', [name]).catch(nothingYet)
        return new Map(rows.map((row) => [String(row.id), String(row.entry)]))
      }),
    add: (name, texts, signal) =>
      ask(signal, async () => {
        if (texts.size === 0) return
        const insert = () =>
          pool.query(
            'INSERT INTO task_mcp_incident_entries (record, id, entry) SELECT $1, * FROM unnest($2::text[], $3::text[]) ON CONFLICT (record, id) DO NOTHING',
            [name, [...texts.keys()], [...texts.values()]],
          )
        await insert().catch(async (error: unknown) => {
          if (codeOf(error) !== undefinedTable) throw error
          await make()
          await insert()
        })
      }),
    close: () => pool.end(),
  }
}

const undefinedTable = '42P01'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

function nothingYet(error: unknown): { rows: Record<string, unknown>[] } {
  if (codeOf(error) === undefinedTable) return { rows: [] }
  throw error
}

/** Host, port and database; never the user or the password. */
function placeOf(url: string): string {
  const target = URL.parse(url)
  if (target === null || !/^postgres(ql)?:$/.test(target.protocol))
    throw new UsageError(
      'the file of incident.databaseUrlFile holds no PostgreSQL URL',
      'write postgres://user:password@host:5432/name into it',
    )
  return `${target.host}${target.pathname}`
}

function explained(error: unknown, place: string): Error {
  const code = codeOf(error)
  if (/^28|^42501$/.test(code))
    return new DeniedError(
      `PostgreSQL ${place} refuses (${code})`,
      'check the user and password in the file of incident.databaseUrlFile, and that the user may create a table there or use task_mcp_incident_entries',
      { cause: error },
    )
  return new UnreachableError(
    `PostgreSQL ${place} cannot be used: ${code || (error instanceof Error ? error.name : 'unknown')}`,
    'check that it runs and can be reached from here',
    {
      cause: error,
    },
  )
}
