/** The store as the rest of the server sees it: SQL in transactions, a feed of changes, a probe. SQLite and PostgreSQL both are one. */

export type SqlValue = string | number | null
export type Row = Readonly<Record<string, SqlValue>>

/** A place in the history. `epoch` says which history: one that began again has another. Not said by the release before. */
export interface Place {
  readonly sequence: number
  readonly epoch?: string | undefined
}

/** A task changed. Its place in the history is what a client resumes from. */
export interface Change extends Place {
  readonly taskId: string
  readonly action: string
  /** The process that made it. Not said of changes that were read from the history. */
  readonly origin?: string
  /** The place in a trace where it was made, for those who are told of it at once. */
  readonly traceparent?: string
}

/** The action of a change that is told to listeners whenever their feed begins to listen: announcements without a place in the history may have gone by before. */
export const feedResumed = 'feed_resumed'

/** One transaction. SQL is written with `?` placeholders and must mean the same in both dialects. */
export interface Transaction {
  readonly dialect: 'sqlite' | 'postgres'
  all(sql: string, ...values: SqlValue[]): Promise<Row[]>
  get(sql: string, ...values: SqlValue[]): Promise<Row | undefined>
  /** Gives the number of rows changed. */
  run(sql: string, ...values: SqlValue[]): Promise<number>
  /** Announces a change to every replica once the transaction is durable, and to nobody if it is not. */
  announce(change: Change): Promise<void>
}

export interface PoolState {
  readonly max: number
  readonly in_use: number
  readonly idle: number
  readonly waiting: number
}

export interface Store {
  readonly kind: 'sqlite' | 'postgres'
  /** Where the data is, fit for a log: a path, or host, port and name without credentials. */
  readonly place: string
  /** Reads without holding up writers. `operation` names it in metrics and in the slow-query log. */
  read<T>(operation: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Runs `work` whole or not at all; when this resolves, its writes are durable. May run `work` again after a conflict. */
  write<T>(operation: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * Brings the schema up to date. Throws StoreError when it cannot, when the data belongs to a newer release (`incompatible`), or
   * when some tables are lost while others are there (`incomplete`).
   */
  migrate(): Promise<void>
  /** Makes lost tables again, empty, and gives their names. Only a person can decide this. */
  repair(): Promise<readonly string[]>
  /** Resolves when a write would be durable now; rejects with a StoreError that says why not. */
  probe(): Promise<void>
  pool(): PoolState
  onChange(listener: (change: Change) => void): void
  close(): Promise<void>
}

/** What is told about a finished operation. */
export type ObserveQuery = (operation: string, seconds: number, error: unknown) => void

/** `no_schema`: a table is not there; in a database that was new or emptied, `migrate` makes it. `incomplete`: others are there. */
export type StoreProblem =
  | 'unavailable'
  | 'full'
  | 'read_only'
  | 'busy'
  | 'timeout'
  | 'denied'
  | 'damaged'
  | 'incompatible'
  | 'no_schema'
  | 'incomplete'

/** The store could not do it, through no fault of the request. The message is fit to be shown: it holds no credentials. */
export class StoreError extends Error {
  readonly problem: StoreProblem

  constructor(problem: StoreProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.problem = problem
  }
}
