/** A look at a real cluster, kept: what was seen of a fault, what must be said of it, and what must not be proposed. */
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parseSnapshot, snapshotText } from '../../src/facts/record.ts'
import type { Snapshot } from '../../src/facts/snapshot.ts'
import type { Question } from '../cluster/judge.ts'

export interface Scenario extends Omit<Question, 'secrets'> {
  fault: string
  row: string
  runbook: string
  snapshot: Snapshot
}

/** Bytes that one file may have. */
const most = 60_000

/** Lines of a log, and points of a long series, that are enough to judge by. */
const fewer = [200, 100, 40]

/** The same look with shorter logs: the last lines tell most. */
function shorter(snapshot: Snapshot, lines: number): Snapshot {
  const { logs } = snapshot
  return logs.state === 'ok'
    ? {
        ...snapshot,
        logs: {
          ...logs,
          value: logs.value.map((l) => ({ ...l, lines: l.lines.slice(-lines), truncated: l.truncated || l.lines.length > lines })),
        },
      }
    : snapshot
}

/** A scenario as the bytes of a file; undefined where it cannot be made small enough. What names the cluster is taken out. */
export function packed(scenario: Scenario): Buffer | undefined {
  const target = { ...scenario.snapshot.target, context: 'lab', server: 'https://lab.example:6443' }
  for (const lines of fewer) {
    const { snapshot, ...rest } = { ...scenario, snapshot: shorter({ ...scenario.snapshot, target }, lines) }
    const file = gzipSync(`${JSON.stringify(rest)}\n${snapshotText(snapshot)}`, { level: 9 })
    if (file.length <= most) return file
  }
  return undefined
}

export function unpacked(file: Buffer, name: string): Scenario {
  const [first = '', ...rest] = gunzipSync(file).toString('utf8').split('\n')
  return { ...JSON.parse(first), snapshot: parseSnapshot(rest.join('\n'), name) }
}

const folder = new URL('./looks/', import.meta.url)

/** Every scenario that is kept beside this file, by the name of its file. */
export const scenarios = (): [name: string, scenario: Scenario][] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz'))
    .sort()
    .map((name) => [name.replace('.json.gz', ''), unpacked(readFileSync(new URL(name, folder)), name)])
