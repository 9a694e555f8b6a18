/** The stores that contract tests run on: SQLite always, PostgreSQL where TEST_DATABASE_URL names a server. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import pg from 'pg'
import { describe, onTestFinished } from 'vitest'
import type { Store } from '../../src/server/store/port.ts'
import { openPostgres } from '../../src/server/store/postgres.ts'
import { openSqlite } from '../../src/server/store/sqlite.ts'
import { aFolder } from './a-server.ts'

const server = process.env.TEST_DATABASE_URL

/** Gives the URL of an empty database that is gone after the test. */
export async function aDatabase(): Promise<string> {
  const name = `task_mcp_${randomBytes(6).toString('hex')}`
  const run = async (sql: string): Promise<void> => {
    const client = new pg.Client(server)
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await run(`CREATE DATABASE ${name}`)
  onTestFinished(() => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  const url = new URL(server ?? '')
  url.pathname = `/${name}`
  return url.href
}

export type OpenStore = () => Promise<Store>

async function sqlite(): Promise<Store> {
  return ready(openSqlite({ path: path.join(aFolder(), 'tasks.db'), maxBytes: 0, observe: () => undefined }))
}

async function postgres(): Promise<Store> {
  const url = await aDatabase()
  return ready(
    openPostgres({
      url,
      poolSize: 8,
      connectTimeout: 5,
      statementTimeout: 5,
      instance: 'test',
      observe: () => undefined,
      onFeed: () => undefined,
    }),
  )
}

async function ready(store: Store): Promise<Store> {
  onTestFinished(() => store.close())
  await store.migrate()
  return store
}

/** Runs the same tests on each store. Without TEST_DATABASE_URL those on PostgreSQL are reported as skipped. */
export function onEachStore(about: string, tests: (open: OpenStore) => void): void {
  describe(`${about} on SQLite`, () => tests(sqlite))
  describe.skipIf(server === undefined)(`${about} on PostgreSQL (TEST_DATABASE_URL)`, () => tests(postgres))
}

export const postgresThere = server !== undefined
