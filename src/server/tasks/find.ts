import type { Row, SqlValue, Transaction } from '../store/port.ts'
import { cursorFor, type Position, positionOf } from './cursor.ts'
import { millisecondsOf, searchText, taskColumns, taskOf } from './row.ts'
import { type Priority, priorities, Refusal, type Status, type Task } from './task.ts'
import { pause, type Watch } from './watch.ts'

export type Sort = 'created' | '-created' | 'updated' | '-updated' | 'priority' | 'due'

export interface Filter {
  readonly status?: Status | 'any'
  readonly labels?: readonly string[]
  readonly priority?: Priority
  readonly claimedBy?: string
  /** Open, not blocked and claimed by nobody. */
  readonly ready?: boolean
  readonly dueBefore?: string
  readonly text?: string
  readonly sort?: Sort
}

export interface Page {
  readonly tasks: readonly Task[]
  readonly nextCursor?: string
}

const never = 9_000_000_000_000_000
const sorts: Record<Sort, { key: string; down: boolean }> = {
  created: { key: 't.created_at', down: false },
  '-created': { key: 't.created_at', down: true },
  updated: { key: 't.updated_at', down: false },
  '-updated': { key: 't.updated_at', down: true },
  priority: { key: 't.priority', down: true },
  due: { key: `coalesce(t.due_at, ${never})`, down: false },
}

interface Query {
  readonly conditions: readonly string[]
  readonly values: readonly SqlValue[]
}

/** What rows must be, without where a page begins. @throws Refusal for a bad date or a search without a word. */
function queryOf(filter: Filter, now: number): Query {
  const conditions = ['t.deleted_at IS NULL']
  const values: SqlValue[] = []
  const where = (condition: string, ...more: SqlValue[]): void => {
    conditions.push(condition)
    values.push(...more)
  }
  const status = filter.ready === true ? 'open' : (filter.status ?? 'open')
  if (status !== 'any') where('t.status = ?', status)
  for (const label of filter.labels ?? []) where('EXISTS (SELECT 1 FROM task_labels l WHERE l.task_id = t.id AND l.label = ?)', label)
  if (filter.priority !== undefined) where('t.priority = ?', priorities.indexOf(filter.priority))
  if (filter.claimedBy !== undefined) where('t.claimed_by = ? AND t.claimed_until > ?', filter.claimedBy, now)
  if (filter.ready === true) where(readyCondition, now)
  if (filter.dueBefore !== undefined) where('t.due_at < ?', millisecondsOf('dueBefore', filter.dueBefore))
  for (const term of terms(filter.text)) where("t.search_text LIKE ? ESCAPE '!'", term)
  return { conditions, values }
}

interface Span {
  readonly after: Position | undefined
  /** The last place to look at, itself included. */
  readonly until?: Position | undefined
}

async function rowsIn(tx: Transaction, filter: Filter, span: Span, most: number, now: number): Promise<Row[]> {
  const { key, down } = sorts[filter.sort ?? '-created']
  const { conditions, values } = queryOf(filter, now)
  const where = [...conditions]
  const all = [...values]
  for (const [place, past] of [
    [span.after, down ? '<' : '>'],
    [span.until, down ? '>=' : '<='],
  ] as const) {
    if (place === undefined) continue
    where.push(`(${key}, t.id) ${past} (?, ?)`)
    all.push(place.key, place.id)
  }
  const order = down ? 'DESC' : 'ASC'
  return tx.all(
    `SELECT ${taskColumns}, ${key} AS sort_key FROM tasks t WHERE ${where.join(' AND ')} ORDER BY ${key} ${order}, t.id ${order} LIMIT ?`,
    ...all,
    most,
  )
}

const placeOf = (row: Row): Position => ({ key: Number(row.sort_key), id: String(row.id) })

/** Rows up to one more than the limit become a page: the one more says that there is a next one. */
function pageOf(filter: Filter, rows: readonly Row[], limit: number, now: number): Page {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const tasks = shown.map((row) => taskOf(row, now))
  return rows.length <= limit || last === undefined ? { tasks } : { tasks, nextCursor: cursorFor(filter, placeOf(last)) }
}

const beginning = (filter: Filter, cursor: string | undefined): Position | undefined =>
  cursor === undefined ? undefined : positionOf(filter, cursor)

/** One page of the tasks that pass the filter. @throws Refusal for a bad date or cursor. */
export async function findTasks(
  tx: Transaction,
  filter: Filter,
  page: { limit: number; cursor?: string | undefined },
  now: number,
): Promise<Page> {
  const rows = await rowsIn(tx, filter, { after: beginning(filter, page.cursor) }, page.limit + 1, now)
  return pageOf(filter, rows, page.limit, now)
}

type Read = <T>(step: (tx: Transaction) => Promise<T>) => Promise<T>

/** Tasks looked at in one step of a search, and given in one step of an export. */
const searchStep = 5000
const exportStep = 500

/**
 * The same as `findTasks`, in steps along the time of creation: words are found by reading every text, and on a long list nobody
 * else should wait for that. Other orders have no index to go along, and are one step. @throws Refusal.
 */
export async function searchTasks(
  read: Read,
  filter: Filter,
  page: { limit: number; cursor?: string | undefined },
  now: () => number,
  watch: Watch,
): Promise<Page> {
  const { key, down } = sorts[filter.sort ?? '-created']
  if (key !== sorts.created.key) return read((tx) => findTasks(tx, filter, page, now()))
  let after = beginning(filter, page.cursor)
  const total = watch.wanted ? await read((tx) => count(tx, { conditions: ['t.deleted_at IS NULL'], values: [] })) : undefined
  const rows: Row[] = []
  for (let looked = searchStep; ; looked += searchStep) {
    const until = await read((tx) => placeAfter(tx, after, searchStep, down))
    rows.push(...(await read((tx) => rowsIn(tx, filter, { after, until }, page.limit + 1 - rows.length, now()))))
    if (until === undefined || rows.length > page.limit) return pageOf(filter, rows, page.limit, now())
    watch.report(looked, total, `${looked} tasks looked at, ${rows.length} found`)
    await pause(watch)
    after = until
  }
}

/**
 * Up to `page.most` tasks that pass the filter, and where it goes on; fewer when their texts have more than `page.mostCharacters`.
 * @throws Refusal.
 */
export async function collectTasks(
  read: Read,
  filter: Filter,
  page: { most: number; mostCharacters: number; cursor?: string | undefined },
  now: () => number,
  watch: Watch,
): Promise<Page> {
  let after = beginning(filter, page.cursor)
  const total = watch.wanted ? await read((tx) => count(tx, queryOf(filter, now()))) : undefined
  const rows: Row[] = []
  let characters = 0
  for (;;) {
    const wanted = Math.min(exportStep, page.most + 1 - rows.length)
    const more = await read((tx) => rowsIn(tx, filter, { after }, wanted, now()))
    for (const row of more) {
      rows.push(row)
      characters += String(row.title).length + String(row.description).length
      if (characters > page.mostCharacters && rows.length > 1) return pageOf(filter, rows, rows.length - 1, now())
    }
    if (more.length < wanted || rows.length > page.most) return pageOf(filter, rows, page.most, now())
    watch.report(rows.length, total, `${rows.length} tasks read`)
    await pause(watch)
    after = placeOf(more.at(-1)!)
  }
}

async function count(tx: Transaction, { conditions, values }: Query): Promise<number> {
  const row = await tx.get(`SELECT count(*) AS found FROM tasks t WHERE ${conditions.join(' AND ')}`, ...values)
  return Number(row?.found)
}

/** The place `steps` tasks further on in the order of creation, or undefined when there are fewer. */
async function placeAfter(tx: Transaction, after: Position | undefined, steps: number, down: boolean): Promise<Position | undefined> {
  const order = down ? 'DESC' : 'ASC'
  const past = after === undefined ? '' : `AND (t.created_at, t.id) ${down ? '<' : '>'} (?, ?)`
  const row = await tx.get(
    `SELECT t.created_at AS sort_key, t.id FROM tasks t WHERE t.deleted_at IS NULL ${past}
     ORDER BY t.created_at ${order}, t.id ${order} LIMIT 1 OFFSET ?`,
    ...(after === undefined ? [] : [after.key, after.id]),
    steps - 1,
  )
  return row === undefined ? undefined : placeOf(row)
}

/** Nobody holds it and nothing it depends on is open. Takes the time now as its one value. */
export const readyCondition = `(t.claimed_until IS NULL OR t.claimed_until <= ?) AND NOT EXISTS (SELECT 1 FROM task_dependencies d
  JOIN tasks p ON p.id = d.depends_on WHERE d.task_id = t.id AND p.status = 'open' AND p.deleted_at IS NULL)`

function terms(text: string | undefined): string[] {
  if (text === undefined) return []
  const found = searchText(text)
    .split(/\s+/)
    .filter((term) => term !== '')
  if (found.length === 0) throw new Refusal('invalid', 'there is no word in the text to search for')
  return found.slice(0, 10).map((term) => `%${term.replace(/[!%_]/g, '!$&')}%`)
}
