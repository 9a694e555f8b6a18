/** Facts of a service that runs without a cluster: what it says of itself over HTTP. */
import { deadlineIn } from '../duration.ts'
import { UnreachableError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { scrapeTwice } from './direct.ts'
import type { GatherDeps } from './gather.ts'
import { part } from './part.ts'
import { redact } from './redact.ts'
import { type ProbeResult, type Snapshot, snapshotVersion, type Unseen } from './snapshot.ts'

const noCluster: Unseen = { state: 'absent', reason: 'the service was given by its address; no cluster was asked' }
const bodyLimit = 4096
const metricsLimit = 4_000_000

/** Asks the service at `url` for its health and, twice, its metrics. */
export async function gatherLocal(settings: Settings, url: string, deps: GatherDeps): Promise<Snapshot> {
  const { targets, clock } = deps
  const started = clock.now()
  const signal = AbortSignal.any([deps.signal, deadlineIn(settings.timeoutSeconds * 0.9)])
  const base = url.replace(/\/+$/, '')
  const name = base.replace(/^https?:\/\//, '')
  const { service } = settings
  let requests = 0
  const get = (path: string, limitBytes: number) => {
    requests++
    return targets.fetch(base + path, { limitBytes }, signal)
  }
  const probe = async (purpose: 'live' | 'ready', path: string): Promise<ProbeResult> => ({
    hop: 'pod',
    name,
    port: service.port,
    path,
    purpose,
    result: await part(async () => {
      const { status, seconds, body } = await get(path, bodyLimit)
      return { status, seconds, body: redact(body.slice(0, 1000)) }
    }, deps.signal),
  })
  const scrape = async (): Promise<string> => {
    const answer = await get(service.metrics.path, metricsLimit)
    if (answer.status !== 200)
      throw new UnreachableError(`GET ${service.metrics.path} of ${name} answered ${answer.status}`, 'check service.metrics.path')
    return answer.body
  }
  const [live, ready, direct] = await Promise.all([
    probe('live', service.health.live),
    probe('ready', service.health.ready),
    part(() => scrapeTwice([name], scrape, clock, signal), deps.signal),
  ])
  return {
    schemaVersion: snapshotVersion,
    tool: deps.version,
    takenAt: new Date(started).toISOString(),
    took: (clock.now() - started) / 1000,
    requests,
    target: {
      context: 'none',
      server: base,
      url: base,
      service,
      thresholds: settings.thresholds,
      lookbackSeconds: settings.lookbackSeconds,
    },
    cluster: {},
    instant: noCluster,
    ranges: noCluster,
    direct,
    alerts: noCluster,
    logs: noCluster,
    probes: [live, ready],
    sources: { prometheus: undefined, alertmanager: undefined },
  }
}
