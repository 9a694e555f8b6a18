/** `task-mcp serve`: settings from flags, environment and file, then the server until it is told to stop. */
import path from 'node:path'
import { parse } from 'yaml'
import type { Context } from '../context.ts'
import { type ExitCode, exit, UnreachableError, UsageError } from '../errors.ts'
import { startServer } from '../server/server.ts'
import { settingTable } from '../server/setting-table.ts'
import { keyOf, type RawSettings, resolveSettings, type Settings, settingsFromEnv } from '../server/settings.ts'
import { StoreError } from '../server/store/port.ts'
import { createBatch } from '../server/telemetry/batch.ts'
import { keepYoungHeapSmall } from '../server/young-heap.ts'

/** The door of the other commands to the server's database. */
export * as care from '../server/care.ts'

/** The options of the entry, in camel case; a switch that was not said is false. */
export type ServeOptions = Readonly<Record<string, unknown>> & { readonly settings?: string }

/** Runs the server until the context's signal aborts. */
export async function run(context: Context, _args: readonly string[], options: ServeOptions): Promise<ExitCode> {
  const settings = await serverSettings(context, options)
  keepYoungHeapSmall()
  const logs = createBatch((text) => context.terminal.out(text))
  try {
    const server = await startServer(settings, {
      log: logs.add,
      clock: context.clock,
      signal: context.signal,
      version: context.version,
      reload: () => serverSettings(context, options),
      revision: context.env.TASK_MCP_REVISION ?? '',
    })
    await server.closed
    return exit.ok
  } catch (error) {
    if (error instanceof StoreError)
      throw new UnreachableError(`the database cannot be used: ${error.message}`, 'see --database-path and TASK_MCP_DATABASE_URL', {
        cause: error,
      })
    throw error
  } finally {
    logs.flush()
  }
}

/** Flags, then environment, then the settings file. @throws UsageError. */
export async function serverSettings(context: Context, options: ServeOptions): Promise<Settings> {
  const flags: Record<string, unknown> = {}
  for (const { name, kind } of settingTable) {
    const value = options[keyOf(name)]
    if (value !== undefined && !(kind === 'flag' && value === false)) flags[name] = value
  }
  const file = options.settings ?? context.env.TASK_MCP_SETTINGS
  return resolveSettings(
    flags,
    settingsFromEnv(context.env),
    file === undefined || file === '' ? {} : await settingsFile(context, path.resolve(context.cwd, file)),
  )
}

async function settingsFile({ files }: Context, file: string): Promise<RawSettings> {
  const text = await files.read(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the settings file ${file} cannot be read: ${error.code ?? error.message}`, 'give --settings a YAML file')
  })
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw new UsageError(
      `${file} is not YAML: ${(error as Error).message.split('\n')[0]}`,
      'one "name: value" a line, names as in task-mcp serve --help',
    )
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`${file} is not a list of settings`, 'one "name: value" a line, names as in task-mcp serve --help')
  return value as RawSettings
}
