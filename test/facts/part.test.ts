import { expect, test } from 'vitest'
import { DeniedError, InterruptedError, UnreachableError } from '../../src/errors.ts'
import { part } from '../../src/facts/part.ts'

const fail = (error: Error) => async () => {
  throw error
}
const quiet = new AbortController().signal

test('what cannot be read says why, and what would change it', async () => {
  expect(await part(fail(new DeniedError('jo may not list pods', 'a rule')), quiet)).toEqual({
    state: 'denied',
    reason: 'jo may not list pods',
    next: 'a rule',
  })
  expect(await part(fail(new UnreachableError('no answer')), quiet)).toMatchObject({ state: 'unreachable', reason: 'no answer' })
  expect(await part(async () => 7, quiet)).toEqual({ state: 'ok', value: 7 })
})

test('a deadline is a part that was not seen; Ctrl-C ends everything, also when both are in one signal', async () => {
  const deadline = AbortSignal.abort(new DOMException('too late', 'TimeoutError'))
  expect(
    await part(fail(new UnreachableError('the API server did not answer within the deadline')), AbortSignal.any([quiet, deadline])),
  ).toMatchObject({ state: 'unreachable' })
  const stopped = AbortSignal.abort(new InterruptedError())
  await expect(part(fail(new UnreachableError('cut off')), AbortSignal.any([stopped, quiet]))).rejects.toThrow(InterruptedError)
})

test('a bug of ours is no part', async () => {
  await expect(part(fail(new TypeError('x is not a function')), quiet)).rejects.toThrow(TypeError)
})

test('a deadline that ends a wait of our own is not seen in time, and no bug', async () => {
  const late = async (): Promise<never> => {
    throw new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  }
  expect(await part(late, new AbortController().signal)).toMatchObject({
    state: 'unreachable',
    reason: expect.stringContaining('deadline'),
  })
})
