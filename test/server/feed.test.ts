/** Changes are heard of by every replica, also those that were made while it did not listen. */
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { StoreError } from '../../src/server/store/port.ts'
import { openPostgres } from '../../src/server/store/postgres.ts'
import { createTaskList } from '../../src/server/tasks/task-list.ts'
import { aDatabase, postgresThere } from './stores.ts'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test.skipIf(!postgresThere)(
  'whoever lost its connection while others write hears of every change, also of those before the first that it hears again (TEST_DATABASE_URL)',
  { timeout: 60_000 },
  async () => {
    const url = await aDatabase()
    const open = (instance: string) => {
      const common = {
        url,
        poolSize: 6,
        connectTimeout: 5,
        statementTimeout: 5,
        instance,
        observe: () => undefined,
        onFeed: () => undefined,
      }
      const store = openPostgres(common)
      onTestFinished(() => store.close())
      return store
    }
    const [writing, listening] = [open('writes'), open('listens')]
    await writing.migrate()
    await listening.migrate()
    const heard = new Set<number>()
    listening.onChange(({ sequence }) => heard.add(sequence))
    const list = createTaskList(writing, Date.now, 'writes')
    const admin = new pg.Client(url)
    await admin.connect()
    onTestFinished(() => admin.end())
    await pause(500)
    let going = true
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let number = 0; going; number++)
        await list.create('ada', { title: `${writer}-${number}` }).catch((error: unknown) => {
          if (!(error instanceof StoreError)) throw error
        })
    })
    for (let cut = 0; cut < 12; cut++) {
      await pause(400)
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
    }
    await pause(400)
    going = false
    await Promise.all(writers)
    const { rows } = await admin.query<{ sequence: string }>('SELECT sequence FROM task_history')
    const missed = () => rows.filter(({ sequence }) => !heard.has(Number(sequence))).length
    await expect.poll(missed, { timeout: 15_000 }).toBe(0)
    expect(rows.length).toBeGreaterThan(100)
  },
)
