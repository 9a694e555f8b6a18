import pg from 'pg'
import type { Change } from './port.ts'
import { isMissingTable } from './postgres-error.ts'

export const changeChannel = 'task_mcp_changes'

interface Told {
  change(change: Change): void
  state(state: 'lost' | 'listening', reason: string): void
}

/**
 * Listens for changes of every replica on a connection of its own, and connects again when that is lost. After a loss it reads
 * what was missed from the history, so that nobody waits for a notification that went by in between. When the history itself was
 * lost and began again, it is read from its start: told twice at worst.
 */
export function listenForChanges(connection: pg.ClientConfig, told: Told): { start(): void; stop(): Promise<void> } {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let wanted = false
  let delay = 250
  let last: number | undefined

  const connect = async (): Promise<void> => {
    if (stopped) return
    const next = new pg.Client({ ...connection, statement_timeout: 0, query_timeout: 5000, idle_in_transaction_session_timeout: 0 })
    client = next
    const retry = (reason: string): void => {
      if (client !== next) return
      client = undefined
      next.end().catch(() => undefined)
      if (stopped) return
      told.state('lost', reason)
      timer = setTimeout(connect, delay)
      delay = Math.min(delay * 2, 5000)
    }
    next.on('error', (error) => retry(error.message))
    next.on('end', () => retry('the connection ended'))
    next.on('notification', (message) => {
      const change = JSON.parse(message.payload ?? '{}') as Change
      last = Math.max(last ?? 0, change.sequence)
      told.change(change)
    })
    try {
      await next.connect()
      await next.query(`LISTEN ${changeChannel}`)
      await catchUp(next)
      delay = 250
      told.state('listening', changeChannel)
    } catch (error) {
      if (isMissingTable(error)) last = 0
      retry(error instanceof Error ? error.message : String(error))
    }
  }

  const catchUp = async (on: pg.Client): Promise<void> => {
    const { rows: newest } = await on.query<{ last: number }>('SELECT coalesce(max(sequence), 0) AS last FROM task_history')
    const end = newest[0]?.last ?? 0
    if (last === undefined) {
      last = end
      return
    }
    if (end < last) last = 0
    const { rows } = await on.query<{ sequence: number; task_id: string; action: string }>(
      'SELECT sequence, task_id, action FROM task_history WHERE sequence > $1 ORDER BY sequence LIMIT 10000',
      [last],
    )
    for (const row of rows) {
      last = row.sequence
      told.change({ sequence: row.sequence, taskId: row.task_id, action: row.action })
    }
  }

  return {
    start: () => {
      if (wanted) return
      wanted = true
      void connect()
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      const open = client
      client = undefined
      await open?.end().catch(() => undefined)
    },
  }
}
