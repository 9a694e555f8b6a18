import { randomUUID } from 'node:crypto'
import type { Call } from '../../http/call.ts'
import { type EventStream, openEventStream } from '../../http/event-stream.ts'
import type { RequestId } from '../rpc.ts'
import type { HeldAnswers } from './held-answers.ts'
import type { Replay, Session } from './session.ts'
import type { StreamLog } from './stream-log.ts'

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

/** A request stream has as many messages as its request, and the last can be large: nobody is cut off because of it. */
export const wholeAnswer = Number.POSITIVE_INFINITY

/** The id of an event: which stream of its session, and which message of that. */
export const eventIdOf = (stream: string, number: number): string => `${stream}-${number}`

/** Undefined for an event of no request stream. */
export function placeInStream(eventId: string): { readonly stream: string; readonly number: number } | undefined {
  const [, stream, number] = /^([0-9a-f]{8})-(\d{1,9})$/.exec(eventId) ?? []
  return stream === undefined ? undefined : { stream, number: Number(number) }
}

/**
 * Opens it, with an event to resume after where the revision knows of those. Messages are kept in the session until fetched, and in
 * the log for other replicas, where there is one.
 */
export function openRequestStream(
  call: Call,
  session: Session,
  requests: readonly RequestId[],
  log: StreamLog | undefined,
  held: HeldAnswers,
): RequestStream {
  const key = randomUUID().slice(0, 8)
  const keep = log?.begin(session.id, key, requests)
  const replay: Replay = { messages: [], done: false, listener: undefined }
  if (session.replays.size >= mostReplays) session.replays.delete(session.replays.keys().next().value!)
  session.replays.set(key, replay)
  call.streaming = true
  const stream = openEventStream(call.response, {
    maxBufferedBytes: wholeAnswer,
    headers: { 'mcp-session-id': session.id },
    onClose: () => forgetListener(replay, stream),
  })
  replay.listener = stream
  if (session.state.revision >= '2025-11-25') stream.prime({ id: eventIdOf(key, 0), retryMilliseconds: reconnectMilliseconds })
  return {
    send: (message) => {
      if (replay.messages.length >= mostMessages) return
      replay.messages.push(message)
      keep?.([message], false)
      replay.listener?.send(message, eventIdOf(key, replay.messages.length))
    },
    reconnect: () => replay.listener?.close('completed'),
    finish: (answers) => {
      for (const message of answers) {
        replay.messages.push(message)
        replay.listener?.send(message, eventIdOf(key, replay.messages.length))
      }
      keep?.(answers, true)
      replay.done = true
      const forget = (): boolean => session.replays.delete(key)
      if (replay.listener === undefined) return held.hold(`${session.id} ${key}`, JSON.stringify(replay.messages).length, forget)
      replay.listener.close('completed')
      forget()
    },
  }
}

/** Goes on with a request stream after the event `lastEventId`. False when there is nothing of it here. */
export function resumeRequestStream(call: Call, session: Session, lastEventId: string, held: HeldAnswers): boolean {
  const place = placeInStream(lastEventId)
  const replay = place && session.replays.get(place.stream)
  if (place === undefined || replay === undefined) return false
  call.streaming = true
  const stream: EventStream = openEventStream(call.response, {
    maxBufferedBytes: wholeAnswer,
    headers: { 'mcp-session-id': session.id },
    onClose: () => forgetListener(replay, stream),
  })
  for (const [index, message] of replay.messages.entries())
    if (index >= place.number) stream.send(message, eventIdOf(place.stream, index + 1))
  replay.listener = stream
  if (!replay.done) return true
  stream.close('completed')
  session.replays.delete(place.stream)
  held.release(`${session.id} ${place.stream}`)
  return true
}

function forgetListener(replay: Replay, stream: EventStream): void {
  if (replay.listener === stream) replay.listener = undefined
}
