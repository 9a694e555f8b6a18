/** Sending with patience: a few tries within one span of time, as long as the other side asks where that fits. */
import { ExpectedError, InterruptedError, UsageError } from '../errors.ts'
import type { Delivery, Notifier } from './ports.ts'
import type { FetchAnswer } from './service.ts'

/** One try that did not work. `again`: trying again may help, after so many seconds where the other side said. */
export class NotDelivered extends Error {
  readonly again: boolean
  readonly afterSeconds: number | undefined
  constructor(message: string, again: boolean, afterSeconds?: number) {
    super(message)
    this.again = again
    this.afterSeconds = afterSeconds
  }
}

const mostTries = 4

/** Runs `once` until it says how it was taken, refuses, or the time is over. Its signal aborts when the time is over. */
export async function deliver(
  once: (signal: AbortSignal) => Promise<string>,
  timeoutSeconds: number,
  clock: Parameters<Notifier['send']>[1],
  interrupted: AbortSignal,
): Promise<Delivery> {
  const ends = clock.now() + timeoutSeconds * 1000
  const tries: Delivery['tries'] = []
  for (let attempt = 1; ; attempt++) {
    const at = clock.now()
    const left = ends - at
    // A first try that hangs must leave time for a second one.
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(Math.max(1, attempt === 1 ? left / 2 : left))])
    const failure = await once(signal).then(
      (said) => {
        tries.push({ at, outcome: 'accepted', said })
        return undefined
      },
      (error: unknown) => notDelivered(error, interrupted),
    )
    if (failure === undefined) return { outcome: 'accepted', said: tries.at(-1)!.said, tries }
    const outcome = failure.again ? 'failed' : 'refused'
    tries.push({ at, outcome, said: failure.message })
    const wait = failure.afterSeconds === undefined ? 500 * 2 ** (attempt - 1) : failure.afterSeconds * 1000
    const late = clock.now() + wait >= ends
    if (!failure.again || attempt >= mostTries || late) {
      const asked = late && failure.again && failure.afterSeconds !== undefined
      const why = asked ? `; it asks to wait ${failure.afterSeconds} s, which is longer than this may take` : ''
      return { outcome, said: `${failure.message}${why}`, tries }
    }
    await clock.sleep(wait, interrupted)
  }
}

function notDelivered(error: unknown, interrupted: AbortSignal): NotDelivered {
  if (error instanceof NotDelivered) return error
  if (interrupted.aborted) throw interrupted.reason instanceof Error ? interrupted.reason : new InterruptedError()
  if (error instanceof InterruptedError) return new NotDelivered('no answer in time', true)
  if (error instanceof UsageError) throw error
  if (error instanceof ExpectedError) return new NotDelivered(error.message, true)
  throw error
}

/** What an HTTP answer means for a notice. `said` reads the service's own words out of its body. Throws NotDelivered unless it was taken. */
export function taken(answer: FetchAnswer, where: string, said: (body: string) => string, now: number): void {
  if (answer.status >= 200 && answer.status < 300) return
  const words = said(answer.body).slice(0, 200)
  const message = `${where} answered ${answer.status}${words === '' ? '' : `: ${words}`}`
  const again = answer.status === 429 || answer.status === 408 || answer.status >= 500
  throw new NotDelivered(message, again, again ? retryAfter(answer.headers['retry-after'], now) : undefined)
}

/** Seconds of a Retry-After header, which is a number or a date. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000))
}

/** A field of a JSON body as text; empty where there is none. */
export function field(body: string, ...names: string[]): string {
  try {
    const parsed = JSON.parse(body) as Record<string, unknown>
    const found = names.map((name) => parsed[name]).find((value) => value !== undefined)
    return typeof found === 'string' ? found : found === undefined ? '' : JSON.stringify(found)
  } catch {
    return ''
  }
}
