import type { CommandEntry } from './entry.ts'
import { databaseOptions as options } from './serve.entry.ts'

const common = { group: 'server', options, cluster: false } as const

/** Care of the database of `task-mcp serve`. */
export const dbEntries: readonly CommandEntry[] = [
  {
    ...common,
    usage: 'db check',
    summary: 'check the database of the server',
    about:
      'SQLite: reads every page and index and checks what refers to what; the server may be running. PostgreSQL: the connection, the schema version and whether a write would be durable.',
    examples: [{ line: 'task-mcp db check --database-path /var/lib/task-mcp/tasks.db', about: 'a file' }],
    exits: { 0: 'all is well', 3: 'damaged, or the schema is not up to date', 5: 'it cannot be opened' },
    load: async () => ({ run: (await import('./db.ts')).check }),
  },
  {
    ...common,
    usage: 'db backup <file>',
    summary: 'copy the SQLite database while the server runs',
    about: 'The copy is whole and consistent, checked before it gets its name, and one plain file. For PostgreSQL use pg_dump.',
    words: { file: { about: 'where to put the copy; it must not be there yet', completes: 'file' } },
    examples: [{ line: 'task-mcp db backup /backups/tasks-monday.db', about: 'of task-mcp.db in this folder' }],
    load: async () => ({ run: (await import('./db.ts')).backup }),
  },
  {
    ...common,
    usage: 'db restore <file>',
    summary: 'put a backup in place of the SQLite database',
    about: 'The server has to be stopped. The backup is checked first; what was in place is kept beside it as NAME.before-restore.',
    words: { file: { about: 'a file that db backup made', completes: 'file' } },
    examples: [{ line: 'task-mcp db restore /backups/tasks-monday.db', about: 'to task-mcp.db in this folder' }],
    load: async () => ({ run: (await import('./db.ts')).restore }),
  },
  {
    ...common,
    usage: 'db migrate',
    summary: 'bring the schema of the database up to date',
    about:
      'The server does this by itself when it starts; here it can be done beforehand. Doing it twice changes nothing. Where some tables are lost and others are there, neither touches anything: restore a backup, or say --repair to have the lost ones made again, empty. After a restore of PostgreSQL too, --repair tells replicas and clients that the history is another one.',
    options: [...options, { flags: '--repair', summary: 'make lost tables and indexes again, empty' }],
    examples: [
      { line: 'TASK_MCP_DATABASE_URL=postgres://... task-mcp db migrate', about: 'on PostgreSQL' },
      { line: 'task-mcp db migrate --repair', about: 'after tables were lost and no backup has them' },
    ],
    load: async () => ({ run: (await import('./db.ts')).migrate }),
  },
]
