import type { Call } from '../../http/call.ts'
import type { EventStream } from '../../http/event-stream.ts'
import type { Streams } from '../../http/streams.ts'
import { errorMessage, RpcError, rpcCode } from '../rpc.ts'
import { eventIdOf, placeInStream, wholeAnswer } from './request-stream.ts'
import type { Session } from './session.ts'
import type { LoggedStream, StreamLog } from './stream-log.ts'

/** How often it is looked what the replica that works on it has said since. */
const everyMilliseconds = 300
/** So long after its requests must have ended a stream without an end is given up. */
const graceMilliseconds = 1000

/** When a request must have ended, in seconds after it began, and the time now in milliseconds. */
export interface FollowLimits {
  requestTimeout(): number
  now(): number
}

/**
 * Goes on with a request stream that another replica writes, after the event `lastEventId`, until its end. When that replica is
 * gone, each request is answered with an error that says so. False when there is no such stream in this session.
 */
export async function followRequestStream(
  call: Call,
  session: Session,
  lastEventId: string,
  log: StreamLog,
  streams: Streams,
  limits: FollowLimits,
): Promise<boolean> {
  const place = placeInStream(lastEventId)
  if (place === undefined) return false
  let first = await log.read(session.id, place.stream, place.number)
  if (first === undefined) {
    // Its beginning may still be on the way to the store.
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds))
    first = await log.read(session.id, place.stream, place.number)
  }
  if (first === undefined) return false
  call.streaming = true
  const stream = streams.open(
    call.response,
    call.principal,
    { headers: { 'mcp-session-id': session.id }, maxBufferedBytes: wholeAnswer },
    () => undefined,
  )
  follow(stream, place, first, limits, (after) => log.read(session.id, place.stream, after)).catch(() => stream.close('error'))
  return true
}

async function follow(
  stream: EventStream,
  place: { readonly stream: string; readonly number: number },
  first: LoggedStream,
  limits: FollowLimits,
  read: (after: number) => Promise<LoggedStream | undefined>,
): Promise<void> {
  let at = place.number
  for (let seen: LoggedStream | undefined = first; stream.open; seen = await read(at)) {
    for (const message of seen?.messages ?? []) stream.send(message, eventIdOf(place.stream, ++at))
    if (seen === undefined || seen.done) return stream.close('completed')
    if (limits.now() > seen.begunAt + limits.requestTimeout() * 1000 + graceMilliseconds) {
      for (const id of seen.requests) stream.send(errorMessage(id, gone))
      return stream.close('completed')
    }
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds))
  }
}

const gone = new RpcError(
  rpcCode.unavailable,
  'Not available now: the replica that worked on this request is gone, and nobody knows how far it was. Repeat it under the same idempotencyKey',
)
