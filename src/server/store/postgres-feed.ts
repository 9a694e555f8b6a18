import pg from 'pg'
import { changesAfter, endOfHistory } from './history.ts'
import { type Change, feedResumed, type Place } from './port.ts'
import { isMissingTable } from './postgres-error.ts'
import { changeChannel, transactionOn } from './postgres-transaction.ts'

const pageSize = 1000
/** Of no history: whatever there is came after it. */
const nowhere: Place = { sequence: 0, epoch: '' }

interface Told {
  change(change: Change): void
  state(state: 'lost' | 'listening', reason: string): void
}

/**
 * Listens for changes of every replica on a connection of its own, and connects again when that is lost. After a loss it reads
 * what was missed from the history, so that nobody waits for a notification that went by in between. When the history is another
 * one than before (it was lost and began again, or a backup took its place), it is read from its start: told twice at worst.
 */
export function listenForChanges(connection: pg.ClientConfig, told: Told): { start(): void; stop(): Promise<void> } {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let wanted = false
  let delay = 250
  let last: Place | undefined

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
      hear(change)
    })
    try {
      await next.connect()
      // What is heard from now on must not hide what was missed before it.
      const missedFrom = last
      await next.query(`LISTEN ${changeChannel}`)
      await catchUp(next, missedFrom)
      delay = 250
      told.state('listening', changeChannel)
    } catch (error) {
      if (isMissingTable(error)) last ??= nowhere
      retry(error instanceof Error ? error.message : String(error))
    }
  }

  const hear = (change: Change): void => {
    const { sequence, epoch = last?.epoch } = change
    const further = last === undefined || epoch !== last.epoch || sequence > last.sequence
    if (sequence > 0 && further) last = { sequence, epoch }
    told.change(change)
  }

  const catchUp = async (on: pg.Client, missedFrom: Place | undefined): Promise<void> => {
    const tx = transactionOn(on)
    const end = await endOfHistory(tx)
    last ??= end
    const beganAgain = missedFrom !== undefined && end.sequence < missedFrom.sequence
    if (beganAgain) last = nowhere
    let from = beganAgain ? nowhere : missedFrom
    for (let late = true; from !== undefined; late = false) {
      const page = await changesAfter(tx, from, pageSize, late)
      for (const change of page) hear(change)
      if (page.length < pageSize) break
      from = page.at(-1) ?? from
    }
    // The first time too: what others did to sessions that are known here may have been announced before anybody listened.
    told.change({ sequence: 0, taskId: '', action: feedResumed })
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
