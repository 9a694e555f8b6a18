import { cpSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { aFailingDisk, aReadOnlyVolume, aSmallDisk, disksHere, mountsHere } from './a-mount.ts'
import { aFolder, aServer, aSession, type TestServer } from './a-server.ts'
import { aDatabase, postgresThere } from './stores.ts'

const readiness = async ({ adminUrl }: TestServer) => {
  const response = await fetch(`${adminUrl}/health/ready`)
  const { status, checks } = (await response.json()) as { status: string; checks: Record<string, { reason?: string }> }
  return { http: response.status, status, reason: checks.store?.reason }
}

const turned = (server: TestServer) => expect.poll(() => readiness(server), { timeout: 8000 })

type Session = Awaited<ReturnType<typeof aSession>>

const create = (session: Session, title: string, bytes = 0) => session.tool('create_task', { title, description: 'x'.repeat(bytes) })

/** Creates until one is refused. Gives the ids that were acknowledged and the refusal. */
async function until503(session: Session, bytes: number) {
  const ids: string[] = []
  for (;;) {
    const answer = await create(session, 'one more', bytes)
    if (answer.status !== 200) return { ids, refused: answer }
    ids.push(answer.data.task.id)
  }
}

async function allThere(session: Session, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await session.tool('get_task', { id })).toMatchObject({ status: 200, isError: false })
}

test.skipIf(!mountsHere)(
  'a disk without space: writes say so, reads go on, nothing acknowledged is lost, and space cures it',
  { timeout: 30_000 },
  async () => {
    const disk = aSmallDisk(1024)
    const server = await aServer({ 'database-path': path.join(disk.folder, 'tasks.db'), 'health-interval': '100ms', 'rate-limit': 0 })
    const session = await aSession(server)
    const { ids, refused } = await until503(session, 15_000)
    expect(ids.length).toBeGreaterThan(0)
    expect(refused).toMatchObject({ status: 503, error: { message: expect.stringContaining('the disk has no space') } })
    await turned(server).toMatchObject({ http: 503, status: 'not_ready', reason: expect.stringContaining('the disk has no space') })
    await allThere(session, ids)
    disk.resize(16_384)
    await turned(server).toMatchObject({ status: 'ready' })
    expect((await create(session, 'after')).status).toBe(200)
    await allThere(session, ids)
    await server.close()
    const again = await aServer({ 'database-path': server.databasePath })
    await allThere(await aSession(again), ids)
    expect(JSON.stringify(server.lines)).not.toContain('by a bug')
  },
)

test.skipIf(!disksHere)(
  'a disk that turns read-only: writes say so, reads go on, and once it is repaired and mounted again the same server goes on',
  { timeout: 30_000 },
  async () => {
    const disk = aFailingDisk()
    const server = await aServer({ 'database-path': path.join(disk.folder, 'tasks.db'), 'health-interval': '100ms' })
    const session = await aSession(server)
    const ids = [(await create(session, 'one')).data.task.id, (await create(session, 'two')).data.task.id]
    disk.fail()
    expect(await create(session, 'refused')).toMatchObject({
      status: 503,
      error: { message: expect.stringMatching(/disk failed|read-only/) },
    })
    await turned(server).toMatchObject({ http: 503, status: 'not_ready', reason: expect.stringMatching(/disk failed|read-only/) })
    await allThere(session, ids)
    disk.unmount()
    await turned(server).toMatchObject({ http: 503, status: 'not_ready', reason: expect.stringContaining('is its volume mounted?') })
    expect(await create(session, 'nowhere')).toMatchObject({ status: 503 })
    disk.repair()
    await turned(server).toMatchObject({ http: 200, status: 'ready' })
    ids.push((await create(session, 'after')).data.task.id)
    await allThere(session, ids)
    expect((await session.tool('list_tasks')).data.tasks).toHaveLength(3)
    await server.close()
    const again = await aServer({ 'database-path': server.databasePath })
    await allThere(await aSession(again), ids)
    expect(JSON.stringify(server.lines)).not.toContain('by a bug')
  },
)

test.skipIf(!postgresThere)(
  'a PostgreSQL that turns read-only, as after a failover, and back (TEST_DATABASE_URL)',
  { timeout: 20_000 },
  async () => {
    const url = await aDatabase()
    const name = new URL(url).pathname.slice(1)
    const admin = new pg.Client(process.env.TEST_DATABASE_URL)
    await admin.connect()
    onTestFinished(() => admin.end())
    const readOnly = async (state: 'on' | 'off') => {
      await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${state}`)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    }
    const server = await aServer({ 'database-url': url, 'health-interval': '100ms' })
    const session = await aSession(server)
    const { id } = (await create(session, 'kept')).data.task
    await readOnly('on')
    await turned(server).toMatchObject({ status: 'not_ready', reason: expect.stringContaining('PostgreSQL is read-only') })
    expect(await create(session, 'refused')).toMatchObject({ status: 503, error: { message: expect.stringContaining('read-only') } })
    await allThere(session, [id])
    await readOnly('off')
    await turned(server).toMatchObject({ status: 'ready' })
    expect((await create(session, 'after')).status).toBe(200)
  },
)

test.skipIf(!mountsHere)(
  'a volume that is mounted read-only is served for reading, and written to once it can be',
  { timeout: 30_000 },
  async () => {
    const first = await aServer()
    const { id } = (await create(await aSession(first), 'kept')).data.task
    // As a killed server leaves it: with its journal.
    const folder = aFolder()
    cpSync(path.dirname(first.databasePath), folder, { recursive: true })
    const volume = aReadOnlyVolume(folder)
    const server = await aServer({ 'database-path': path.join(folder, 'tasks.db'), 'health-interval': '100ms' })
    const session = await aSession(server)
    await turned(server).toMatchObject({ http: 503, status: 'not_ready', reason: expect.stringContaining('read-only') })
    expect(await create(session, 'refused')).toMatchObject({ status: 503, error: { message: expect.stringContaining('read-only') } })
    await allThere(session, [id])
    volume.release()
    await turned(server).toMatchObject({ status: 'ready' })
    expect((await create(session, 'after')).status).toBe(200)
    expect((await session.tool('list_tasks')).data.tasks).toHaveLength(2)
  },
)
