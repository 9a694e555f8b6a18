/** A shared record in ConfigMaps: one for each record, one key for each text. */
import type { Clock } from '../context.ts'
import { AbsentError, ExpectedError, exit, MovedError, RefusedError } from '../errors.ts'
import type { Cluster, ClusterWriter } from './ports.ts'
import type { SharedRecord } from './shared-record.ts'

const prefix = 'task-mcp-'
const label = 'task-mcp/record'
const options = { dryRun: false, fieldManager: 'task-mcp' } as const

/** Kubernetes takes 1 MiB with names, metadata and managed fields; a third is left for those. */
export const mostBytes = 700_000

/** Each try reads anew; with ten people adding at once the last one is in after about ten. */
const mostTries = 20

/** Records in a namespace. Every write names the resourceVersion it was made from, and is made anew when somebody else was first. */
export function configMapRecord(cluster: Cluster, writer: ClusterWriter, namespace: string, clock: Clock): SharedRecord {
  const read = async (name: string, signal: AbortSignal) => {
    try {
      return await cluster.get('configmaps', { namespace, name: `${prefix}${name}` }, signal)
    } catch (error) {
      if (error instanceof AbsentError) return undefined
      throw error
    }
  }
  const addOnce = async (name: string, texts: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> => {
    const found = await read(name, signal)
    const there = found?.data ?? {}
    const data = Object.fromEntries([...texts].filter(([id]) => there[id] === undefined))
    if (Object.keys(data).length === 0) return
    const bytes = bytesOf(there) + bytesOf(data)
    if (bytes > mostBytes)
      throw new ExpectedError(
        `ConfigMap ${namespace}/${prefix}${name} is full: ${Object.keys(there).length} entries in ${bytesOf(there)} bytes, and it takes ${mostBytes}`,
        exit.unknown,
        'entries are kept on this machine from here on; set incident.shared to postgresql for a record without this bound',
      )
    if (found === undefined) {
      const metadata = { name: `${prefix}${name}`, labels: { 'app.kubernetes.io/managed-by': 'task-mcp', [label]: 'incident' } }
      await writer.create('configmaps', namespace, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, options, signal)
    } else {
      const ref = { resource: 'configmaps' as const, namespace, name: found.metadata.name }
      await writer.patch(ref, 'merge', { metadata: { resourceVersion: found.metadata.resourceVersion }, data }, options, signal)
    }
  }
  return {
    where: `ConfigMaps of namespace ${namespace}`,
    async names(signal) {
      const { items } = await cluster.list('configmaps', { namespace, labelSelector: `${label}=incident`, metadataOnly: true }, signal)
      return items.map(({ metadata }) => metadata.name.slice(prefix.length)).sort()
    },
    read: async (name, signal) => new Map(Object.entries((await read(name, signal))?.data ?? {})),
    async add(name, texts, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await addOnce(name, texts, signal)
        } catch (error) {
          const first = error instanceof MovedError || (error instanceof RefusedError && error.reason === 'AlreadyExists')
          if (!first || attempt === mostTries) throw error
          // Those who collide must not do so again in step; the ids differ, so they serve as dice.
          await clock.sleep(((hash([...texts.keys()].join()) * attempt) % 40) + 5 * attempt, signal)
        }
      }
    },
    close: async () => {},
  }
}

const bytesOf = (data: Readonly<Record<string, string>>): number =>
  Object.entries(data).reduce((sum, [id, text]) => sum + Buffer.byteLength(id) + Buffer.byteLength(text), 0)

const hash = (text: string): number => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7)
