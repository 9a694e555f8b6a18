import { createHash } from 'node:crypto'
import { Refusal } from './task.ts'
import type { Act } from './write.ts'

/** How long a key is remembered, in milliseconds. */
export const keyLifetime = 24 * 3600 * 1000

/**
 * Runs `work` once for a principal and key: a repetition gets the first answer again and changes nothing. Key, answer and the
 * work itself are in one transaction, so after a crash either all of them are there or none.
 * @throws Refusal `key_reused` when the key was used with another request.
 */
export async function onceForKey<T>(act: Act, key: string | undefined, request: unknown, work: () => Promise<T>): Promise<T> {
  if (key === undefined) return work()
  const { tx, actor, now } = act
  const print = createHash('sha256').update(JSON.stringify(request)).digest('base64url')
  await tx.run('DELETE FROM idempotency_keys WHERE principal = ? AND key = ? AND created_at < ?', actor, key, now - keyLifetime)
  const fresh = await tx.run(
    'INSERT INTO idempotency_keys (principal, key, request, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (principal, key) DO NOTHING',
    actor,
    key,
    print,
    now,
  )
  if (fresh === 1) {
    const value = await work()
    await tx.run('UPDATE idempotency_keys SET response = ? WHERE principal = ? AND key = ?', JSON.stringify(value), actor, key)
    return value
  }
  const before = await tx.get('SELECT request, response FROM idempotency_keys WHERE principal = ? AND key = ?', actor, key)
  if (before?.request !== print)
    throw new Refusal('key_reused', `the idempotency key "${key}" was used with another request: use a new key for a new intention`)
  return JSON.parse(String(before.response)) as T
}
