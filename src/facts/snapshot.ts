/** Facts: what was seen, when and from where. A fact that could not be read says why; absent is never zero. */

import type { ServiceSettings, Thresholds } from '../settings.ts'
import type { SloFacts } from '../slo/seen.ts'
import type { Alert, Certificate, QueryAnswer } from '../targets/ports.ts'
import type { PathAnswer } from './inside-questions.ts'
import type { ResourceName, Resources } from './kubernetes/resources.ts'
import type { SecretKind } from './redact.ts'

export const snapshotVersion = 1

/** Why a part was not seen. `denied` carries the Role rule that would grant it in `next`. */
export interface Unseen {
  state: 'denied' | 'unreachable' | 'absent'
  reason: string
  next?: string | undefined
}
export interface Seen<T> {
  state: 'ok'
  value: T
  truncated?: boolean | undefined
}
export type Part<T> = Seen<T> | Unseen

export type ClusterParts = { [K in ResourceName]?: Part<Resources[K][]> }

export interface LogExcerpt {
  pod: string
  container: string
  previous: boolean
  /** Lines, oldest first, each with its RFC 3339 time where the runtime gave one; redacted. `secret` names what kind of credential was taken out. */
  lines: { time: string | undefined; text: string; secret?: SecretKind }[]
  truncated: boolean
}

/** One HTTP question asked through the API server (or directly, for an edge URL). */
export interface ProbeResult {
  hop: 'edge' | 'service' | 'pod'
  /** The object asked: a Service, a Pod, or a URL. */
  name: string
  port: number | string
  path: string
  purpose: 'live' | 'ready' | 'metrics' | 'root'
  result: Part<{ status: number; seconds: number; body: string }>
}

/** Two scrapes of a pod's own metrics, seconds apart, where there is no Prometheus. Values are counters or gauges by name and labels. */
export interface DirectScrape {
  pod: string
  at: number
  samples: { name: string; labels: Record<string, string>; value: number }[]
}

/** What a container added to a pod was told when it asked from there. */
export interface InsideLook {
  pod: string
  container: string
  answers: PathAnswer[]
}

/** A certificate, and the Secret that holds it. */
export interface CertificateFact extends Certificate {
  namespace: string | undefined
  secret: string
}

export interface Snapshot {
  schemaVersion: typeof snapshotVersion
  /** Version of the tool that took it. */
  tool: string
  /** RFC 3339; every age in the judgement is counted from here, never from the wall clock. */
  takenAt: string
  /** Seconds the reading took, and API requests made. */
  took: number
  requests: number
  /** The runbook that was asked for, or undefined when the symptoms choose. */
  target: {
    context: string
    server: string
    /** The service's own address, where it runs without a cluster. */
    url?: string
    service: ServiceSettings
    thresholds: Thresholds
    lookbackSeconds: number
  }
  cluster: ClusterParts
  /** Instant queries by our name for them. */
  instant: Part<Record<string, QueryAnswer>>
  /** Range queries by our name for them. */
  ranges: Part<Record<string, QueryAnswer>>
  direct: Part<DirectScrape[]>
  alerts: Part<Alert[]>
  /** What budgets are made of; only read where a runbook asks for it. */
  slo?: Part<SloFacts>
  logs: Part<LogExcerpt[]>
  /** Of what stands before the service, where `service.edge` names it. */
  edgeLogs?: Part<LogExcerpt[]>
  probes: ProbeResult[]
  /** Of Secrets that workloads of the namespace mount or its Ingresses serve with. Absent in Snapshots of older versions. */
  certificates?: Part<CertificateFact[]>
  /** Only where a look from inside a pod was asked for. */
  inside?: Part<InsideLook>
  /** Where Prometheus and Alertmanager were found, for evidence. */
  sources: { prometheus: string | undefined; alertmanager: string | undefined }
}
