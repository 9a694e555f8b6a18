import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { backupFile, checkFile, restoreFile } from '../../src/server/store/maintenance.ts'
import { aFolder, aServer, aSession } from './a-server.ts'

test('a backup taken while writes go on is whole, and comes back', async () => {
  const server = await aServer()
  const session = await aSession(server)
  await session.tool('create_task', { title: 'kept' })
  const copy = path.join(aFolder(), 'copy.db')
  const writing = Promise.all(Array.from({ length: 20 }, (_, number) => session.tool('create_task', { title: `${number}` })))
  const made = await backupFile(server.databasePath, copy)
  await writing
  expect(made).toMatchObject({ path: copy, problems: [] })
  expect(made.tasks).toBeGreaterThanOrEqual(1)
  expect(() => restoreFile(copy, server.databasePath)).toThrow(/is in use/)
  await server.close()
  expect(restoreFile(copy, server.databasePath).tasks).toBe(made.tasks)
  expect(checkFile(`${server.databasePath}.before-restore`)).toMatchObject({ tasks: 21, problems: [] })
  const again = await aServer({ 'database-path': server.databasePath })
  expect((await (await aSession(again)).tool('list_tasks', { sort: 'created', limit: 1 })).data.tasks[0].title).toBe('kept')
})

test('a damaged file is found out, and not restored', async () => {
  const server = await aServer()
  const session = await aSession(server)
  for (let number = 0; number < 30; number++) await session.tool('create_task', { title: 'filler', description: 'x'.repeat(2000) })
  await server.close()
  const damaged = path.join(aFolder(), 'damaged.db')
  copyFileSync(server.databasePath, damaged)
  const bytes = readFileSync(damaged)
  bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 8192)
  writeFileSync(damaged, bytes)
  expect(checkFile(damaged).problems.length).toBeGreaterThan(0)
  expect(() => restoreFile(damaged, server.databasePath)).toThrow(/not fit to be restored/)
  expect(checkFile(server.databasePath)).toMatchObject({ tasks: 30, problems: [] })
})

test('what is in the way, or is not there, is said', async () => {
  const server = await aServer()
  await expect(backupFile(server.databasePath, server.databasePath)).rejects.toThrow(/is there already/)
  expect(() => checkFile('/none/such.db')).toThrow('there is no file /none/such.db')
  const text = path.join(aFolder(), 'a.txt')
  writeFileSync(text, 'no database '.repeat(500))
  expect(() => checkFile(text)).toThrow(/not a database/)
  expect(existsSync(`${server.databasePath}.partial`)).toBe(false)
})
