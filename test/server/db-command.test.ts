import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { backup, check, migrate, restore } from '../../src/commands/db.ts'
import { serverSettings } from '../../src/commands/serve.ts'
import type { Context } from '../../src/context.ts'
import { aFolder, aServer, aSession } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

function aContext(env: Record<string, string> = {}, cwd = aFolder()) {
  let said = ''
  const terminal = {
    out: (text: string) => {
      said += text
    },
  }
  const context = { terminal, env, cwd, files: { read: (file: string) => readFile(file, 'utf8') } } as unknown as Context
  return { context, cwd, said: () => said }
}

test('a database is made, checked, backed up and restored by the commands', async () => {
  const { context, cwd, said } = aContext({ TASK_MCP_DATABASE_PATH: 'tasks.db' })
  expect(await migrate(context, [], {})).toBe(0)
  expect(await check(context, [], {})).toBe(0)
  const server = await aServer({ 'database-path': path.join(cwd, 'tasks.db') })
  await (await aSession(server)).tool('create_task', { title: 'kept' })
  expect(await backup(context, ['copy.db'], { json: true })).toBe(0)
  await expect(restore(context, ['copy.db'], {})).rejects.toThrow(/is in use/)
  await server.close()
  expect(await restore(context, ['copy.db'], {})).toBe(0)
  expect(said()).toContain('0 tasks')
  expect(said()).toContain('"tasks":1')
  expect(said()).toContain('nothing wrong')
})

test('a database that is not there is said, with exit code 2', async () => {
  await expect(check(aContext().context, [], { databasePath: 'none.db' })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('there is no file'),
  })
})

test.skipIf(!postgresThere)('PostgreSQL is migrated and checked, and pg_dump is named for a backup (TEST_DATABASE_URL)', async () => {
  const { context, said } = aContext({ TASK_MCP_DATABASE_URL: await aDatabase() })
  expect(await migrate(context, [], {})).toBe(0)
  expect(await check(context, [], {})).toBe(0)
  expect(said()).toContain('a write is durable')
  await expect(backup(context, ['x'], {})).rejects.toMatchObject({ next: expect.stringContaining('pg_dump') })
})

test('a flag wins over a variable, a variable over the file, and a wrong line is named', async () => {
  const { context, cwd } = aContext({ TASK_MCP_PORT: '4001', TASK_MCP_RATE_LIMIT: '7' })
  const file = path.join(cwd, 'server.yaml')
  writeFileSync(file, 'port: 4002\nrate-limit: 8\nmax-streams: 9\nslow-query: 500ms\n')
  expect(await serverSettings(context, { settings: 'server.yaml', port: '4000' })).toMatchObject({
    port: 4000,
    rateLimit: 7,
    maxStreams: 9,
    slowQuery: 0.5,
  })
  writeFileSync(file, 'rate-limt: 8\n')
  await expect(serverSettings(context, { settings: file })).rejects.toThrow('there is no server setting "rate-limt"')
  writeFileSync(file, 'rate-limit: many\n')
  await expect(serverSettings(aContext().context, { settings: file })).rejects.toThrow('rate-limit is "many": expected a whole number')
})
