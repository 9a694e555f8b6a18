/** Takes a bundle: looks at the service, chooses the pods, keeps what they know, and writes it in one go. */
import path from 'node:path'
import { type Resolved, withDiscovered } from '../config.ts'
import type { Context } from '../context.ts'
import { deadlineIn } from '../duration.ts'
import { AbsentError, ExpectedError, UsageError } from '../errors.ts'
import { takeAll } from '../facts/capture.ts'
import { type Manifest, manifestKind, manifestVersion, type ProfileKind } from '../facts/capture-manifest.ts'
import { Spool } from '../facts/capture-spool.ts'
import type { Discovered } from '../facts/discover-service.ts'
import { gather } from '../facts/gather.ts'
import type { Pod } from '../facts/kubernetes/pod.ts'
import { choosePods } from '../facts/logs.ts'
import { findWorkload, podsOf } from '../facts/lookup.ts'
import type { Snapshot } from '../facts/snapshot.ts'
import { bytesText } from '../output/capture-summary.ts'

export interface BundleRequest {
  /** One pod; else every pod with `all`, else the one in most trouble. */
  pod: string | undefined
  all: boolean
  /** Absolute; named after the service and the time when undefined. */
  out: string | undefined
  profiles: readonly ProfileKind[]
  seconds: number
  heapSnapshot: boolean
  mostBytes: number
  debugPort: number | undefined
  debugTokenFile: string | undefined
  /** What --timeout said. */
  timeoutSeconds: number | undefined
}

export interface Taken {
  file: string
  bytes: number
  sha256: string
  manifest: Manifest
}

const mostPods = 50
/** Of the time that --timeout gives; the rest is for packing what was taken. */
const shareForTaking = 0.85
/** A heap of a gigabyte is written down in about this time. */
const secondsForHeap = 120

/** Takes and writes it. What cannot be got is in its manifest; an interruption leaves nothing behind. */
export async function takeBundle(context: Context, resolved: Resolved, request: BundleRequest): Promise<Taken> {
  const { clock, terminal } = context
  const started = clock.now()
  const tell = (line: string) => terminal.err(`  ${line}\n`)
  const token = request.debugTokenFile === undefined ? undefined : await readToken(context, request.debugTokenFile)
  tell('the objects, metrics, logs and health of the service')
  const targets = context.targets(resolved.settings)
  const refine = (found: readonly Discovered[]) => withDiscovered(resolved, found).settings
  const snapshot = await gather(resolved.settings, { targets, clock, signal: context.signal, version: context.version, refine })
  const settings = { ...resolved.settings, service: snapshot.target.service }
  const pods = chosen(snapshot, request)
  const out = request.out ?? path.resolve(context.cwd, nameOf(snapshot))
  if (await context.files.exists(out)) throw new UsageError(`${out} is there already`, 'give another name with --out')
  const spool = new Spool(context.files, out, request.mostBytes, clock.now)
  try {
    const notTaken = await takeAll(
      snapshot,
      settings,
      { ...request, pods, debug: { port: request.debugPort, token } },
      {
        cluster: await targets.cluster(),
        downloads: targets.downloads,
        spool,
        deadline: deadlineIn(secondsFor(request, pods, (clock.now() - started) / 1000)),
        interrupted: context.signal,
        tell,
      },
    )
    const { files } = spool
    const manifest: Manifest = {
      kind: manifestKind,
      schemaVersion: manifestVersion,
      tool: context.version,
      takenAt: snapshot.takenAt,
      took: Math.round(clock.now() - started) / 1000,
      target: {
        context: snapshot.target.context,
        server: snapshot.target.server,
        namespace: settings.service.namespace,
        workload: settings.service.workload,
        pods: pods.map((pod) => pod.metadata.name),
      },
      files,
      notTaken,
    }
    const { sha256, bytes } = await spool.write(manifest)
    tell(`wrote ${bytesText(bytes)}`)
    return { file: out, bytes, sha256, manifest }
  } finally {
    await spool.clear()
  }
}

/** Seconds that taking may last: what is left of --timeout, else as long as the profiles take and a fair margin. */
function secondsFor(request: BundleRequest, pods: readonly Pod[], passed: number): number {
  if (request.timeoutSeconds !== undefined) return Math.max(1, request.timeoutSeconds * shareForTaking - passed)
  const rounds = Math.ceil(pods.length / 4)
  return (
    60 +
    pods.length * 2 +
    rounds * request.profiles.length * (request.seconds + 5) +
    (request.heapSnapshot ? pods.length * secondsForHeap : 0)
  )
}

function chosen(snapshot: Snapshot, request: BundleRequest): Pod[] {
  const seen = snapshot.cluster.pods
  if (seen?.state !== 'ok')
    throw new AbsentError(`the pods were not seen: ${seen?.reason ?? 'nobody asked'}`, seen?.next ?? 'task-mcp doctor')
  const { service } = snapshot.target
  if (request.pod !== undefined) {
    const name = request.pod.replace(/^(pod|pods|po)\//, '')
    const pod = seen.value.find(({ metadata }) => metadata.name === name && metadata.namespace === service.namespace)
    if (pod === undefined)
      throw new AbsentError(`there is no pod ${name} in namespace ${service.namespace}`, `kubectl -n ${service.namespace} get pods`)
    return [pod]
  }
  const workload = findWorkload(snapshot, service.kind, service.workload, service.namespace)
  // A pod that is going away may be gone before its turn; by its name it can still be asked for.
  const pods = workload === undefined ? [] : podsOf(snapshot, workload).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  if (workload === undefined)
    throw new AbsentError(
      `there is no ${service.kind} ${service.workload} in namespace ${service.namespace}`,
      'say which with --workload, or name a pod',
    )
  return request.all ? choosePods(pods, mostPods) : choosePods(pods).slice(0, 1)
}

/** `capture-checkout-20261123T031200Z.tar.gz` */
const nameOf = ({ takenAt, target }: Snapshot): string => `capture-${target.service.workload}-${takenAt.replace(/[-:]|\.\d+/g, '')}.tar.gz`

async function readToken(context: Context, file: string): Promise<string> {
  try {
    return (await context.files.read(path.resolve(context.cwd, file))).trim()
  } catch (error) {
    if (error instanceof ExpectedError) throw error
    throw new UsageError(`cannot read ${file}`, 'check --debug-token-file', { cause: error })
  }
}
