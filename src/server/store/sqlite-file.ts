import { statSync } from 'node:fs'
import { StoreError } from './port.ts'
import { type Connection, connect, limitSize } from './sqlite-connection.ts'

/**
 * The connections to one database file: one that writes and one that reads, so that nobody reads what is not committed. While nothing
 * can be written they are closed after each use: a volume that turned read-only can then be unmounted, repaired and mounted again
 * under the running server, and a connection that was made while it was read-only would stay that way.
 */
export interface SqliteFile {
  /** @throws StoreError when the file is gone or is another one, or cannot be opened. */
  writer(): Connection
  /** Does not mind a file that was moved away: what was read before can be read. @throws StoreError when it cannot be opened. */
  reader(): Connection
  /** A write went through, or did not because nothing can be written. */
  wrote(went: boolean): void
  /** Nobody uses the connections at the moment. */
  rest(): void
  close(): void
}

/**
 * `maxBytes` is how large the file may grow, 0 for any size; `tooLarge` is told of one that is larger already.
 * @throws StoreError when the file cannot be opened or is no database.
 */
export function openFile(path: string, maxBytes: number, tooLarge: (error: StoreError) => void): SqliteFile {
  let writing: Connection | undefined
  let reading: Connection | undefined
  let failing = false
  /** Which history is in the file, as far as it could be read: a repaired volume has the same one under another device. */
  let epoch: string | undefined

  const openWriter = (): Connection => {
    const connection = connect(path)
    if (maxBytes > 0 && limitSize(connection, maxBytes) > maxBytes)
      tooLarge(new StoreError('full', `the file already has more than ${maxBytes} bytes; it will not grow`))
    return connection
  }
  writing = openWriter()
  let own = identityOf(path)
  reading = connect(path)

  /** @throws StoreError for a file that is not there, where opening it would make one, or that is another. */
  const demandSame = (): void => {
    const now = identityOf(path)
    if (now === undefined) throw new StoreError('unavailable', `the database file is not there (${path}): is its volume mounted?`)
    if (now === own) return
    const found = connect(path)
    const same = epoch !== undefined && epochOf(found) === epoch
    found.database.close()
    if (!same) throw replaced(path)
    own = now
  }

  return {
    writer: () => {
      if (writing === undefined) {
        demandSame()
        writing = openWriter()
      } else if (identityOf(path) !== own) throw replaced(path)
      return writing
    },
    reader: () => {
      if (reading === undefined) {
        demandSame()
        reading = connect(path)
      }
      return reading
    },
    wrote: (went) => {
      if (!went && !failing && reading !== undefined) epoch = epochOf(reading)
      failing = !went
    },
    rest: () => {
      if (!failing) return
      for (const connection of [writing, reading]) connection?.database.close()
      writing = undefined
      reading = undefined
    },
    close: () => {
      for (const connection of [reading, writing]) connection?.database.close()
    },
  }
}

/** Which file has the name now, or undefined when none has. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

function epochOf({ database }: Connection): string | undefined {
  try {
    return String(database.prepare('SELECT id FROM history_epoch').get()?.id)
  } catch {
    return undefined
  }
}

/** What would be written then would be in a file without a name, and gone with this process. */
const replaced = (path: string): StoreError =>
  new StoreError(
    'unavailable',
    `the database file was moved, removed or replaced while in use (${path}): put it back, or restart the server to use what is there now`,
  )
