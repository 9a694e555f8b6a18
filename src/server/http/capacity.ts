import { readFileSync } from 'node:fs'

/** Kept back for what is not a connection of a client: the database, files, the logs. */
const keptBack = 128

/** Connections beyond the most that are still accepted, to be told so, and for probes. */
export const spareConnections = 16

/**
 * How many connections this process may hold, by its limit of open files (Linux); Infinity where that is not known. Beyond the
 * limit nothing could be opened at all, and the system would close connections without a word.
 */
export function mostConnections(): number {
  const files = openFilesLimit()
  return Math.max(Math.floor(files / 4), files - keptBack)
}

function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
