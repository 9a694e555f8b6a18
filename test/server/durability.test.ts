import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { aFolder, initialize, post } from './a-server.ts'

test('every acknowledged write is there after kill -9, again and again', { timeout: 60_000 }, async () => {
  const databasePath = path.join(aFolder(), 'tasks.db')
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round++) {
    const { child, url } = await aProcess({ port: 0, 'database-path': databasePath, 'rate-limit': 0, 'address-rate-limit': 0 })
    const exited = once(child, 'exit')
    const { headers } = await post(url, initialize())
    const session = { 'mcp-session-id': headers.get('mcp-session-id')! }
    const before = acknowledged.length
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let number = 0; ; number++) {
        const call = {
          jsonrpc: '2.0',
          id: `${writer}-${number}`,
          method: 'tools/call',
          params: { name: 'create_task', arguments: { title: `${round} ${writer} ${number}` } },
        }
        const answer = await post(url, call, session).catch(() => undefined)
        if (answer === undefined) return
        acknowledged.push(answer.body.result.structuredContent.task.id)
        if (acknowledged.length - before > 60) child.kill('SIGKILL')
      }
    })
    await Promise.all([exited, ...writers])
  }
  const database = new DatabaseSync(databasePath)
  onTestFinished(() => database.close())
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  const there = new Set(
    database
      .prepare('SELECT id FROM tasks')
      .all()
      .map(({ id }) => id),
  )
  expect(acknowledged.length).toBeGreaterThan(180)
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([])
})

async function aProcess(settings: object): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'serve-process.ts'), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = await once(createInterface(child.stdout), 'line')
  return { child, url }
}
