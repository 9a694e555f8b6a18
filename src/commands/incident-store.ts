/**
 * Records of incidents: a file each in the user's state directory, and where the settings say so a record that everybody shares. An entry
 * is on this machine's disk before anything else happens; the shared record is brought level with it whenever it can be reached.
 */
import { join } from 'node:path'
import { actor } from '../actions/run-record.ts'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { span } from '../duration.ts'
import { ExpectedError, UsageError } from '../errors.ts'
import { type Entry, entryOf, isIncidentId, newEntry, type Told } from '../incident/entry.ts'
import { lineOf, readLog } from '../incident/log.ts'
import { merge } from '../incident/merge.ts'
import { stateDirectory } from '../state-directory.ts'
import type { SharedRecord } from '../targets/shared-record.ts'
import type { Place } from './incident-open.ts'

/** Part of a record that cannot be read. */
export interface Hurt {
  /** The file or the shared record. */
  where: string
  /** Line of the file, or key of the shared record. */
  at: string
  bytes: number
  why: string
  /** Entries in it that were whole all the same. */
  kept: number
}

export interface Reading {
  entries: Entry[]
  damage: Hurt[]
  /** How many entries went to the shared record now, and came from it; undefined where it could not be reached, or there is none. */
  synced: { sent: number; received: number } | undefined
}

export interface IncidentStore {
  /** The shared record for people; undefined where there is none. */
  readonly where: string | undefined
  /** Ids of the incidents on this machine and in the shared record. */
  ids(): Promise<string[]>
  /** All entries of an incident, from both sides, which are level afterwards. */
  read(id: string): Promise<Reading>
  /** Adds entries: here first, then where it is shared. */
  add(id: string, told: readonly Told[]): Promise<Entry[]>
  close(): Promise<void>
}

/** The file of a record on this machine. UsageError for what is no incident's name. */
export function recordFileOf(context: Pick<Context, 'env' | 'home'>, id: string): string {
  if (!isIncidentId(id)) throw new UsageError(`"${id}" is not the name of an incident`, 'task-mcp incident list has them')
  return join(stateDirectory(context), 'incidents', `${id}.jsonl`)
}

/** How long a shared record may take to answer, in milliseconds. */
const usualPatience = 10_000

/**
 * Opens the records; the shared one is connected when it is first needed. Trouble with it, or an answer that takes longer than
 * `patience` (milliseconds), is said on stderr, once, and everything goes on here.
 */
export async function openStore(context: Context, place: Place, patience = usualPatience): Promise<IncidentStore> {
  const { files, terminal } = context
  let shared: SharedRecord | undefined
  let lost = false
  const withShared = async <T>(work: (record: SharedRecord, signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
    if (place.shared === 'none' || lost) return undefined
    try {
      shared ??= await openShared(context, place, patience / 1000)
      return await work(shared, AbortSignal.any([context.signal, AbortSignal.timeout(patience)]))
    } catch (error) {
      if (!isOutside(error) || context.signal.aborted) throw error
      lost = true
      const said = error.name === 'TimeoutError' ? `no answer within ${span(patience / 1000)}` : error.message
      terminal.err(`task-mcp: the incident is kept on this machine, not shared yet: ${said}\n`)
      if (error instanceof ExpectedError && error.next) terminal.err(`  ${error.next}\n`)
      return undefined
    }
  }
  const readHere = async (id: string) => {
    const file = recordFileOf(context, id)
    return { file, ...readLog((await files.exists(file)) ? await files.read(file) : '', id) }
  }
  const append = async (id: string, entries: readonly Entry[], ended: boolean): Promise<void> => {
    if (entries.length > 0) await files.append(recordFileOf(context, id), (ended ? '' : '\n') + entries.map(lineOf).join(''))
  }
  const level = async (id: string): Promise<Reading> => {
    const here = await readHere(id)
    const damage: Hurt[] = here.damage.map(({ line, ...rest }) => ({ where: here.file, at: `line ${line}`, ...rest }))
    const there = await withShared(async (record, signal) => {
      const texts = await record.read(id, signal)
      return { texts, ...readTexts(texts, id, record.where) }
    })
    if (there === undefined) return { entries: merge(here.entries), damage, synced: undefined }
    const sent = await withShared(async (record, signal) => {
      const missing = here.entries.filter((entry) => !there.texts.has(entry.id))
      await record.add(id, new Map(missing.map((entry) => [entry.id, lineOf(entry).trim()])), signal)
      return missing.length
    })
    const known = new Set(here.entries.map((entry) => entry.id))
    const received = there.entries.filter((entry) => !known.has(entry.id))
    await append(id, received, here.ended)
    return {
      entries: merge(here.entries, there.entries),
      damage: [...damage, ...there.damage],
      synced: sent === undefined ? undefined : { sent, received: received.length },
    }
  }
  return {
    where: place.shared === 'none' ? undefined : place.shared === 'configmap' ? `ConfigMaps of namespace ${place.namespace}` : 'PostgreSQL',
    async ids() {
      const names = await files.list(join(stateDirectory(context), 'incidents')).catch((): string[] => [])
      const here = names.filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -'.jsonl'.length))
      const there = (await withShared((record, signal) => record.names(signal))) ?? []
      return [...new Set([...here, ...there])].filter(isIncidentId).sort()
    },
    read: level,
    async add(id, told) {
      const about = { incident: id, now: context.clock.now(), by: actor(context.env) }
      const here = await readHere(id)
      const entries = told.map((one, index) => newEntry(one, { ...about, nth: here.entries.length + index }))
      await append(id, entries, here.ended)
      await level(id)
      return entries
    },
    close: async () => shared?.close(),
  }
}

/** The shared record that a place names. */
async function openShared(context: Context, place: Place, timeoutSeconds: number): Promise<SharedRecord> {
  const { settings } = await loadSettings({ kubeconfig: place.kubeconfig, context: place.context }, context)
  if (place.shared === 'postgresql') {
    if (place.databaseUrlFile === undefined)
      throw new UsageError('incident.shared is postgresql, and nothing says where it is', 'set incident.databaseUrlFile in task-mcp.yaml')
    const { postgresRecord } = await import('../targets/postgres-record.ts')
    return postgresRecord((await context.files.read(place.databaseUrlFile)).trim(), timeoutSeconds)
  }
  const { configMapRecord } = await import('../targets/configmap-record.ts')
  const targets = context.targets(settings)
  const [cluster, writer] = await Promise.all([targets.cluster(), targets.writer()])
  return configMapRecord(cluster, writer, place.namespace, context.clock)
}

function readTexts(texts: ReadonlyMap<string, string>, id: string, where: string): { entries: Entry[]; damage: Hurt[] } {
  const entries: Entry[] = []
  const damage: Hurt[] = []
  for (const [key, text] of texts) {
    const entry = entryIn(text)
    if (entry?.id === key && entry.incident === id) entries.push(entry)
    else damage.push({ where, at: `key ${key}`, bytes: Buffer.byteLength(text), why: 'not an entry of this incident', kept: 0 })
  }
  return { entries, damage }
}

function entryIn(text: string): Entry | undefined {
  try {
    return entryOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Trouble with what is outside: it must not keep anybody from writing things down. */
const isOutside = (error: unknown): error is Error =>
  error instanceof ExpectedError || (error instanceof Error && (error.name === 'TimeoutError' || 'code' in error))
