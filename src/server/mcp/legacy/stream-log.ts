import { type Store, StoreError } from '../../store/port.ts'
import type { Log } from '../../telemetry/log.ts'
import type { RequestId } from '../rpc.ts'

/** What is known of a request stream at a replica that does not work on it. */
export interface LoggedStream {
  /** The requests that it is to answer. */
  readonly requests: readonly RequestId[]
  /** Milliseconds since 1970. */
  readonly begunAt: number
  /** What came after the event asked for, without a gap. */
  readonly messages: readonly object[]
  /** True when the last of them is its end. */
  readonly done: boolean
}

/** The messages of request streams, kept for a while where every replica can read them. */
export interface StreamLog {
  /** Begins a stream, and gives what adds its messages in order. Nobody waits for them to be written. */
  begin(session: string, stream: string, requests: readonly RequestId[]): (messages: readonly object[], last: boolean) => void
  /** Undefined for a stream that there is not, or not in this session. */
  read(session: string, stream: string, after: number): Promise<LoggedStream | undefined>
  /** Resolves when what was added is written or given up. */
  settled(): Promise<void>
  /** Removes what nobody will come back for. */
  forgetOld(): Promise<number>
}

const keptMilliseconds = 600_000
const attempts = 5

interface Row {
  readonly number: number
  readonly message: string
  readonly last: number
}

/** Where there is one process there is no other replica to go on at, and this gives nothing. */
export function createStreamLog(store: Store, now: () => number, log: Log): StreamLog | undefined {
  if (store.kind !== 'postgres') return undefined
  const write = (session: string, stream: string, rows: readonly Row[]): Promise<void> =>
    store.write('stream', async (tx) => {
      for (const { number, message, last } of rows)
        await tx.run(
          'INSERT INTO stream_events (session_id, stream, number, message, last, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          session,
          stream,
          number,
          message,
          last,
          now(),
        )
    })

  const writes = new Set<Promise<void>>()
  const track = (work: Promise<void>): void => {
    const ended = work.catch((error: unknown) => log.error('keeping a stream failed by a bug', { reason: String(error) }))
    writes.add(ended)
    void ended.finally(() => writes.delete(ended))
  }

  return {
    begin: (session, stream, requests) => {
      const waiting: Row[] = [{ number: 0, message: JSON.stringify(requests), last: 0 }]
      let next = 1
      let writing = false
      let failures = 0
      const flush = async (): Promise<void> => {
        if (writing) return
        writing = true
        try {
          while (waiting.length > 0) {
            const rows = [...waiting]
            await write(session, stream, rows)
            waiting.splice(0, rows.length)
            failures = 0
          }
        } catch (error) {
          if (!(error instanceof StoreError)) throw error
          failures += 1
          if (failures < attempts) setTimeout(() => track(flush()), 100 * 2 ** failures).unref()
          else log.warn('a stream can only be resumed at this replica: the store did not take it', { reason: error.message })
        } finally {
          writing = false
        }
      }
      return (messages, last) => {
        for (const [index, message] of messages.entries())
          waiting.push({ number: next++, message: JSON.stringify(message), last: last && index === messages.length - 1 ? 1 : 0 })
        track(flush())
      }
    },

    read: (session, stream, after) =>
      store.read('stream', async (tx) => {
        const rows = await tx.all(
          'SELECT number, message, last, at FROM stream_events WHERE session_id = ? AND stream = ? AND (number = 0 OR number > ?) ORDER BY number',
          session,
          stream,
          after,
        )
        const [first, ...rest] = rows
        if (first === undefined || Number(first.number) !== 0) return undefined
        const messages: object[] = []
        let done = false
        for (const row of rest) {
          if (Number(row.number) !== after + messages.length + 1) break
          messages.push(JSON.parse(String(row.message)))
          done = Number(row.last) === 1
        }
        return { requests: JSON.parse(String(first.message)), begunAt: Number(first.at), messages, done }
      }),

    settled: async () => {
      while (writes.size > 0) await Promise.all(writes)
    },

    forgetOld: () => store.write('stream', (tx) => tx.run('DELETE FROM stream_events WHERE at < ?', now() - keptMilliseconds)),
  }
}
