/** `task-mcp db`: check, backup, restore and migrate the database that `task-mcp serve` uses. */
import path from 'node:path'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UnreachableError, UsageError } from '../errors.ts'
import { care, type ServeOptions, serverSettings } from './serve.ts'

type DbOptions = ServeOptions & { readonly json?: boolean; readonly repair?: boolean }

type Settings = Awaited<ReturnType<typeof serverSettings>>

const newest = care.newestSchema
/** Problems of the store that are found, not met: it answers, and tables are not there. */
const lost: readonly string[] = ['no_schema', 'incomplete']

/** Looks, and changes nothing. */
export async function check(context: Context, _args: readonly string[], options: DbOptions): Promise<ExitCode> {
  const settings = await serverSettings(context, options)
  return explained(async () => {
    if (settings.databaseUrl !== '') return checkPostgres(context, settings)
    const found = care.checkFile(fileOf(context, settings))
    show(
      context,
      options,
      found,
      found.problems.length === 0 ? `${summary(found)}, nothing wrong` : `${found.path}: ${found.problems.join('; ')}`,
    )
    return found.problems.length === 0 && found.schemaVersion >= newest ? exit.ok : exit.findings
  })
}

/** Copies the SQLite file, also while it is in use. */
export async function backup(context: Context, args: readonly string[], options: DbOptions): Promise<ExitCode> {
  const settings = await serverSettings(context, options)
  if (settings.databaseUrl !== '')
    throw new UsageError('this server is on PostgreSQL', 'pg_dump --format=custom "$TASK_MCP_DATABASE_URL" > FILE makes a backup')
  return explained(async () => {
    const made = await care.backupFile(fileOf(context, settings), path.resolve(context.cwd, args[0] ?? ''))
    show(context, options, made, summary(made))
    return exit.ok
  })
}

/** Puts a backup in place of the SQLite file. */
export async function restore(context: Context, args: readonly string[], options: DbOptions): Promise<ExitCode> {
  const settings = await serverSettings(context, options)
  if (settings.databaseUrl !== '')
    throw new UsageError('this server is on PostgreSQL', 'pg_restore --clean --dbname "$TASK_MCP_DATABASE_URL" FILE puts a backup back')
  return explained(async () => {
    const put = care.restoreFile(path.resolve(context.cwd, args[0] ?? ''), fileOf(context, settings))
    show(context, options, put, summary(put))
    return exit.ok
  })
}

/** Brings the schema up to date; with --repair it makes lost tables again. */
export async function migrate(context: Context, _args: readonly string[], options: DbOptions): Promise<ExitCode> {
  const settings = await serverSettings(context, options)
  return explained(async () => {
    const store = await storeOf(context, settings)
    try {
      const repaired = options.repair === true ? await store.repair() : []
      await store.migrate()
      const again = repaired.length === 0 ? '' : `, made again and empty: ${repaired.join(', ')}`
      show(context, options, { place: store.place, schemaVersion: newest, repaired }, `${store.place}: schema version ${newest}${again}`)
      return exit.ok
    } finally {
      await store.close()
    }
  })
}

async function checkPostgres(context: Context, settings: Settings): Promise<ExitCode> {
  const store = await storeOf(context, settings)
  try {
    const row = await store.read('check', (tx) => tx.get('SELECT max(version) AS version FROM schema_migrations'))
    const version = Number(row?.version ?? 0)
    if (version >= newest) await store.probe()
    context.terminal.out(
      `${store.place}: schema version ${version}${version < newest ? `, this release has ${newest}: task-mcp db migrate` : ', a write is durable'}\n`,
    )
    return version < newest ? exit.findings : exit.ok
  } catch (error) {
    if (!(error instanceof care.StoreError) || !lost.includes(error.problem)) throw error
    context.terminal.out(`${store.place}: ${error.message}\n`)
    return exit.findings
  } finally {
    await store.close()
  }
}

const storeOf = (context: Context, settings: Settings): Promise<care.Store> =>
  care.openQuietly({ ...settings, databasePath: fileOf(context, settings) })

const fileOf = ({ cwd }: Context, { databasePath }: Settings): string => path.resolve(cwd, databasePath)

const summary = ({ path: file, schemaVersion, tasks, bytes }: care.FileCheck): string =>
  `${file}: ${tasks} tasks, ${bytes} bytes, schema version ${schemaVersion}`

function show({ terminal }: Context, { json }: DbOptions, value: object, text: string): void {
  terminal.out(`${json === true ? JSON.stringify(value) : text}\n`)
}

async function explained(work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof care.StoreError)
      throw new UnreachableError(`the database cannot be used: ${error.message}`, 'see --database-path and TASK_MCP_DATABASE_URL', {
        cause: error,
      })
    throw error
  }
}
