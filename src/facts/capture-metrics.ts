/** The metrics page of a pod, wherever it has it. */
import { ExpectedError, UnreachableError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import type { CaptureDeps } from './capture.ts'
import { type DebugAccess, fetchDebug } from './capture-debug.ts'
import { pathPart } from './capture-manifest.ts'
import type { Pod } from './kubernetes/pod.ts'
import { redact } from './redact.ts'

const metricsBytes = 8 * 1024 * 1024

/** Keeps the page of metrics of a pod, without credentials. Throws when there is none. */
export async function takeMetrics(
  pod: Pod,
  settings: Settings,
  debug: DebugAccess,
  deps: Pick<CaptureDeps, 'cluster' | 'downloads' | 'spool'>,
  signal: AbortSignal,
): Promise<void> {
  const { port, metrics } = settings.service
  const { name, namespace = '' } = pod.metadata
  const request = { namespace, kind: 'pods' as const, name, port: metrics.port ?? port, path: metrics.path, limitBytes: metricsBytes }
  const answer = await deps.cluster.proxy(request, signal)
  // Where they are not on the service's own listener they are with what else is for operators, which may be on loopback.
  const page = answer.status === 200 ? answer.body : await elsewhere(pod, settings, debug, deps, signal)
  if (page === undefined) throw new UnreachableError(`${metrics.path} answered HTTP ${answer.status}`)
  await deps.spool.takeText(
    { path: `metrics/${pathPart(name)}.txt`, what: 'metrics', from: `pod/${name}${metrics.path}`, pod: name, redacted: true },
    redact(page, new Set([name])),
  )
}

async function elsewhere(
  pod: Pod,
  settings: Settings,
  debug: DebugAccess,
  deps: Pick<CaptureDeps, 'cluster' | 'downloads' | 'spool'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const body = await fetchDebug(await deps.downloads(), pod, settings, debug, settings.service.metrics.path, signal)
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of body) {
      pieces.push(piece)
      size += piece.length
      if (size > metricsBytes) return undefined
    }
    return Buffer.concat(pieces).toString('utf8')
  } catch (error) {
    if (signal.aborted || !(error instanceof ExpectedError)) throw error
    return undefined
  }
}
