import { createHash } from 'node:crypto'
import { Refusal } from './task.ts'

/** Where a page ended: the sort key and id of its last row. */
export interface Position {
  readonly key: number
  readonly id: string
}

/** A cursor that is good for one query only: it carries a fingerprint of what was asked. */
export function cursorFor(query: unknown, { key, id }: Position): string {
  return Buffer.from(JSON.stringify([fingerprint(query), key, id])).toString('base64url')
}

/** @throws Refusal when the text is no cursor, or one of another query. */
export function positionOf(query: unknown, cursor: string): Position {
  const [print, key, id] = parse(cursor)
  if (typeof print !== 'string' || !Number.isSafeInteger(key) || typeof id !== 'string')
    throw new Refusal('invalid', 'the cursor is not one of ours: use nextCursor of the page before, unchanged')
  if (print !== fingerprint(query))
    throw new Refusal(
      'invalid',
      'the cursor belongs to a query with other filters or another order: repeat them, or start without a cursor',
    )
  return { key: Number(key), id }
}

function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

const fingerprint = (query: unknown): string => createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 8)
