/** A Snapshot as a file, and back. What is written was redacted when it was read. */
import { UsageError } from '../errors.ts'
import { type Snapshot, snapshotVersion } from './snapshot.ts'

/** One line of JSON with a newline; floats and order as they are, so that reading it back judges to the same bytes. Infinity and NaN are kept as strings. */
export function snapshotText(snapshot: Snapshot): string {
  return `${JSON.stringify(snapshot, (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? `~${value}` : value))}\n`
}

/** Reads what snapshotText wrote. UsageError when it is not a Snapshot, is cut off, or is of another version. */
export function parseSnapshot(text: string, file: string): Snapshot {
  let value: unknown
  try {
    value = JSON.parse(text, (_key, v: unknown) => (typeof v === 'string' && /^~(NaN|-?Infinity)$/.test(v) ? Number(v.slice(1)) : v))
  } catch (error) {
    throw new UsageError(
      `${file} is not a whole snapshot: ${error instanceof Error ? error.message : error}`,
      'it may have been cut off while it was copied; record it again with task-mcp diagnose --record FILE',
      { cause: error },
    )
  }
  const snapshot = value as Partial<Snapshot> | null
  if (
    typeof snapshot !== 'object' ||
    snapshot === null ||
    snapshot.schemaVersion === undefined ||
    !snapshot.target ||
    !snapshot.cluster ||
    !snapshot.takenAt
  ) {
    throw new UsageError(`${file} is JSON, but not a snapshot`, 'give a file that task-mcp diagnose --record wrote')
  }
  if (snapshot.schemaVersion !== snapshotVersion) {
    throw new UsageError(
      `${file} is a snapshot of version ${snapshot.schemaVersion} (by task-mcp ${snapshot.tool ?? '?'}); this task-mcp reads version ${snapshotVersion}`,
      'judge it with the task-mcp that took it',
    )
  }
  return snapshot as Snapshot
}
