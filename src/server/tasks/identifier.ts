import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * An id such as `task_01k3v…`: 10 characters of time, then 16 random ones (80 bits), in Crockford's base 32. Ids sort by
 * time of creation to the millisecond, and two never collide in practice.
 */
export function newId(kind: string, now: number): string {
  let time = now
  let text = ''
  for (let place = 0; place < 10; place++) {
    text = alphabet[time % 32] + text
    time = Math.floor(time / 32)
  }
  for (const byte of randomBytes(16)) text += alphabet[byte & 31]
  return `${kind}_${text}`
}
