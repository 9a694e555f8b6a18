/**
 * The schema, as versions that are only ever added to. A migration says from which code version on the result can be used
 * (`compatibleFrom`), so that during a rolling update the release before still works on the new schema.
 */
export interface Migration {
  readonly version: number
  readonly compatibleFrom: number
  readonly name: string
  readonly statements: readonly string[]
}

type Dialect = 'sqlite' | 'postgres'

const words = {
  sqlite: { big: 'INTEGER', sequence: 'INTEGER PRIMARY KEY AUTOINCREMENT', random: 'lower(hex(randomblob(4)))' },
  postgres: {
    big: 'BIGINT',
    sequence: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    random: 'substr(md5(random()::text || clock_timestamp()::text), 1, 8)',
  },
} as const

/** The statement that makes the history another one: what was read of it before says nothing about it any more. */
export const newEpoch = (dialect: Dialect): string => `UPDATE history_epoch SET id = ${words[dialect].random}`

/**
 * Every migration in order, in the words of one dialect. Times are milliseconds since 1970; lists are JSON text. A statement that
 * makes a table or an index begins with those words, and others can be run twice: a repair runs all of them again.
 */
export function migrations(dialect: Dialect): readonly Migration[] {
  const { big, sequence, random } = words[dialect]
  return [
    {
      version: 1,
      compatibleFrom: 1,
      name: 'tasks, their history, and what makes writes safe to repeat',
      statements: [
        `CREATE TABLE tasks (
          id TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, status TEXT NOT NULL, priority INTEGER NOT NULL,
          labels TEXT NOT NULL, depends_on TEXT NOT NULL, search_text TEXT NOT NULL, due_at ${big}, version INTEGER NOT NULL,
          created_at ${big} NOT NULL, created_by TEXT NOT NULL, updated_at ${big} NOT NULL, updated_by TEXT NOT NULL,
          completed_at ${big}, completed_by TEXT, claim_id TEXT, claimed_by TEXT, claimed_until ${big}, deleted_at ${big})`,
        'CREATE INDEX tasks_created ON tasks (created_at, id) WHERE deleted_at IS NULL',
        "CREATE INDEX tasks_open ON tasks (priority DESC, created_at, id) WHERE deleted_at IS NULL AND status = 'open'",
        'CREATE TABLE task_labels (label TEXT NOT NULL, task_id TEXT NOT NULL REFERENCES tasks (id), PRIMARY KEY (label, task_id))',
        `CREATE TABLE task_dependencies (
          task_id TEXT NOT NULL REFERENCES tasks (id), depends_on TEXT NOT NULL REFERENCES tasks (id), PRIMARY KEY (task_id, depends_on))`,
        'CREATE INDEX task_dependents ON task_dependencies (depends_on)',
        `CREATE TABLE task_comments (
          id TEXT PRIMARY KEY, task_id TEXT NOT NULL REFERENCES tasks (id), author TEXT NOT NULL, body TEXT NOT NULL, created_at ${big} NOT NULL)`,
        'CREATE INDEX task_comments_task ON task_comments (task_id, id)',
        `CREATE TABLE task_history (
          sequence ${sequence}, task_id TEXT NOT NULL, version INTEGER NOT NULL, at ${big} NOT NULL, actor TEXT NOT NULL,
          action TEXT NOT NULL, changes TEXT NOT NULL)`,
        'CREATE INDEX task_history_task ON task_history (task_id, sequence)',
        `CREATE TABLE idempotency_keys (
          principal TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, response TEXT, created_at ${big} NOT NULL, PRIMARY KEY (principal, key))`,
        'CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)',
        `CREATE TABLE health_probes (instance TEXT PRIMARY KEY, at ${big} NOT NULL)`,
      ],
    },
    {
      version: 2,
      compatibleFrom: 1,
      name: 'sessions that outlive a process',
      statements: [
        `CREATE TABLE sessions (
          id TEXT PRIMARY KEY, principal TEXT NOT NULL, state TEXT NOT NULL, created_at ${big} NOT NULL, seen_at ${big} NOT NULL)`,
        'CREATE INDEX sessions_seen ON sessions (seen_at)',
      ],
    },
    {
      version: 3,
      compatibleFrom: 1,
      name: 'a history that can be told from another, and read on from any point of it',
      statements: [
        'CREATE TABLE history_epoch (id TEXT PRIMARY KEY)',
        `INSERT INTO history_epoch (id) SELECT ${random} WHERE NOT EXISTS (SELECT 1 FROM history_epoch)`,
        ...(dialect === 'sqlite' ? [] : commitOrder),
      ],
    },
    {
      version: 4,
      compatibleFrom: 1,
      name: 'answers that come in parts, for those who fetch the rest at another replica',
      statements: [
        `CREATE TABLE stream_events (
          session_id TEXT NOT NULL, stream TEXT NOT NULL, number INTEGER NOT NULL, message TEXT NOT NULL, last INTEGER NOT NULL,
          at ${big} NOT NULL, PRIMARY KEY (session_id, stream, number))`,
        'CREATE INDEX stream_events_at ON stream_events (at)',
      ],
    },
    {
      version: 5,
      compatibleFrom: 1,
      name: 'calls whose answer is asked for later',
      statements: [
        `CREATE TABLE long_calls (
          id TEXT PRIMARY KEY, principal TEXT NOT NULL, scope TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL, outcome TEXT,
          cancelled INTEGER NOT NULL, created_at ${big} NOT NULL, updated_at ${big} NOT NULL, alive_at ${big} NOT NULL)`,
        'CREATE INDEX long_calls_created ON long_calls (created_at)',
      ],
    },
  ]
}

/**
 * With several writers a change can be committed after one that has a higher sequence. Each keeps its transaction and the oldest
 * one that was under way, which says what may have come after it. Lines from before have neither.
 */
const commitOrder = [
  'ALTER TABLE task_history ADD COLUMN IF NOT EXISTS transaction_id BIGINT, ADD COLUMN IF NOT EXISTS oldest_under_way BIGINT',
  `ALTER TABLE task_history ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id()::text::bigint,
    ALTER COLUMN oldest_under_way SET DEFAULT pg_snapshot_xmin(pg_current_snapshot())::text::bigint`,
]
