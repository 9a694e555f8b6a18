/** `task-mcp capture`: what a pod, or the whole service, knows of itself, in one redacted bundle. */
import path from 'node:path'
import { loadSettings } from '../config.ts'
import type { Context } from '../context.ts'
import { type ExitCode, ExpectedError, exit, UsageError } from '../errors.ts'
import type { Manifest, ProfileKind } from '../facts/capture-manifest.ts'
import { renderTaken } from '../output/capture.ts'
import { bytesText } from '../output/capture-summary.ts'
import { styleFor } from '../output/style.ts'
import { takeBundle } from './capture-take.ts'
import type { GlobalOptions } from './entry.ts'

export interface CaptureOptions extends GlobalOptions {
  readonly all: boolean
  readonly out?: string
  readonly profile?: string
  readonly heapSnapshot: boolean
  readonly seconds?: number
  readonly maxSize?: string
  readonly debugPort?: number
  readonly debugTokenFile?: string
  readonly yes: boolean
}

const profileKinds: readonly ProfileKind[] = ['cpu', 'wall', 'heap']
const longestSeconds = 60

export async function run(context: Context, [pod]: readonly string[], options: CaptureOptions): Promise<ExitCode> {
  const { terminal } = context
  if (pod !== undefined && options.all) throw new UsageError('--all takes every pod and goes with no name', 'leave one of them out')
  const profiles = readProfiles(options.profile ?? 'cpu,wall,heap')
  const seconds = options.seconds ?? 10
  if (!(seconds > 0 && seconds <= longestSeconds))
    throw new UsageError(`--seconds takes more than 0 and at most ${longestSeconds}`, 'for example --seconds 10')
  const mostBytes = readSize(options.maxSize ?? '200Mi')
  const resolved = await loadSettings(options, context)
  if (options.heapSnapshot) await consent(context, options, mostBytes)
  const taken = await takeBundle(context, resolved, {
    pod,
    all: options.all,
    out: options.out === undefined ? undefined : path.resolve(context.cwd, options.out),
    profiles,
    seconds,
    heapSnapshot: options.heapSnapshot,
    mostBytes,
    debugPort: options.debugPort,
    debugTokenFile: options.debugTokenFile,
    timeoutSeconds: options.timeout,
  })
  const { manifest, sha256, bytes } = taken
  const file = path.relative(context.cwd, taken.file)
  const said = file.startsWith('..') ? taken.file : file
  if (options.json) terminal.out(`${JSON.stringify({ schemaVersion: 1, bundle: said, bytes, sha256, manifest }, null, 2)}\n`)
  else
    terminal.out(
      renderTaken(manifest, said, bytes, sha256, { columns: terminal.columns, style: styleFor(terminal), verbose: options.verbose }),
    )
  return codeFor(manifest)
}

/** Nothing of the pods themselves but a snapshot of the cluster is not what was asked for. */
function codeFor({ files, target }: Manifest): ExitCode {
  return target.pods.length > 0 && !files.some((file) => file.pod !== undefined) ? exit.unknown : exit.ok
}

function readProfiles(text: string): ProfileKind[] {
  if (text === 'none') return []
  const words = text.split(',').filter((word) => word !== '')
  const wrong = words.find((word) => !profileKinds.includes(word as ProfileKind))
  if (wrong !== undefined || words.length === 0)
    throw new UsageError(`--profile does not know "${wrong ?? text}"`, 'it takes cpu, wall and heap with commas between, or none')
  return profileKinds.filter((kind) => words.includes(kind))
}

/** Bytes of `200Mi`, `1Gi`, `500k` or a plain number. */
export function readSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kMG]i?)?B?$/.exec(text) ?? []
  const factor = { '': 1, k: 1e3, M: 1e6, G: 1e9, ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 }[unit]
  const bytes = Number(number) * (factor ?? Number.NaN)
  if (number === '' || !(bytes >= 1024 * 1024))
    throw new UsageError(`--max-size takes 1Mi or more, not "${text}"`, 'for example --max-size 200Mi')
  if (bytes > 7 * 1024 ** 3)
    throw new UsageError('--max-size takes at most 7Gi: an archive holds no larger file', 'for example --max-size 2Gi')
  return bytes
}

async function consent({ terminal }: Context, options: CaptureOptions, mostBytes: number): Promise<void> {
  terminal.err(
    `A heap snapshot stops the process: about five seconds of CPU for every 100 MB of heap, longer under a CPU limit, and it answers
nobody meanwhile. It needs up to ten times the heap as memory beside it: a container without that much room below its limit is
killed. It is the memory itself: every secret and everything that users wrote is in it, and it cannot be redacted. The bundle
will be readable by you alone and hold at most ${bytesText(mostBytes)} before it is packed.\n`,
  )
  if (options.yes) return
  if (!terminal.inIsTTY) throw new ExpectedError('a heap snapshot needs a yes', exit.declined, 'say --yes, or leave --heap-snapshot out')
  if (!(await terminal.confirm('Take it?'))) throw new ExpectedError('nothing was taken', exit.declined)
}
