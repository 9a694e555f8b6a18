import { AbsentError, DeniedError, ExpectedError, InterruptedError } from '../errors.ts'
import type { Part } from './snapshot.ts'

/** Runs one read and keeps what came of it. Only an interruption by the user is thrown on; everything else, a deadline among it, becomes a part that says why. */
export async function part<T>(read: () => Promise<T>, interrupted: AbortSignal): Promise<Part<T>> {
  try {
    return { state: 'ok', value: await read() }
  } catch (error) {
    if (interrupted.aborted && !isDeadline(interrupted.reason)) throw new InterruptedError()
    if (error instanceof DeniedError) return { state: 'denied', reason: error.message, next: error.next }
    if (error instanceof AbsentError) return { state: 'absent', reason: error.message, next: error.next }
    if (error instanceof ExpectedError) return { state: 'unreachable', reason: error.message, next: error.next }
    if (isDeadline(error))
      return { state: 'unreachable', reason: 'the deadline passed before it was read', next: 'give it more time with --timeout' }
    throw error
  }
}

const isDeadline = (reason: unknown): boolean => reason instanceof Error && reason.name === 'TimeoutError'
