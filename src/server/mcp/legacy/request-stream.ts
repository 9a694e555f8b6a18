import { randomUUID } from 'node:crypto'
import type { Call } from '../../http/call.ts'
import { type EventStream, openEventStream } from '../../http/event-stream.ts'
import type { Replay, Session } from './session.ts'

const reconnectMilliseconds = 500
const mostReplays = 32
const mostMessages = 1000

/** The event stream that a POST turned into because its request had something to say before its answer. */
export interface RequestStream {
  send(message: object): void
  /** Cuts the connection; the client comes back for the rest with the id of the last event. */
  reconnect(): void
  finish(answers: readonly object[]): void
}

/** Opens it, with an event to resume after where the revision knows of those. Messages are kept in the session until fetched. */
export function openRequestStream(call: Call, session: Session, maxBufferedBytes: number): RequestStream {
  const key = randomUUID().slice(0, 8)
  const replay: Replay = { messages: [], done: false, listener: undefined }
  if (session.replays.size >= mostReplays) session.replays.delete(session.replays.keys().next().value!)
  session.replays.set(key, replay)
  call.streaming = true
  const stream = openEventStream(call.response, {
    maxBufferedBytes,
    headers: { 'mcp-session-id': session.id },
    onClose: () => forgetListener(replay, stream),
  })
  replay.listener = stream
  if (session.state.revision >= '2025-11-25') stream.prime({ id: `${key}-0`, retryMilliseconds: reconnectMilliseconds })
  return {
    send: (message) => {
      if (replay.messages.length >= mostMessages) return
      replay.messages.push(message)
      replay.listener?.send(message, `${key}-${replay.messages.length}`)
    },
    reconnect: () => replay.listener?.close('completed'),
    finish: (answers) => {
      for (const message of answers) {
        replay.messages.push(message)
        replay.listener?.send(message, `${key}-${replay.messages.length}`)
      }
      replay.done = true
      if (replay.listener === undefined) return
      replay.listener.close('completed')
      session.replays.delete(key)
    },
  }
}

/** Goes on with a request stream after the event `lastEventId`. False when there is nothing of it here. */
export function resumeRequestStream(call: Call, session: Session, lastEventId: string, maxBufferedBytes: number): boolean {
  const [, key = '', count] = /^([0-9a-f]{8})-(\d+)$/.exec(lastEventId) ?? []
  const replay = session.replays.get(key)
  if (replay === undefined) return false
  call.streaming = true
  const stream: EventStream = openEventStream(call.response, {
    maxBufferedBytes,
    headers: { 'mcp-session-id': session.id },
    onClose: () => forgetListener(replay, stream),
  })
  for (const [index, message] of replay.messages.entries()) if (index >= Number(count)) stream.send(message, `${key}-${index + 1}`)
  replay.listener = stream
  if (!replay.done) return true
  stream.close('completed')
  session.replays.delete(key)
  return true
}

function forgetListener(replay: Replay, stream: EventStream): void {
  if (replay.listener === stream) replay.listener = undefined
}
