/** What the rooms above may ask of the outside world, in our words. Adapters beside this file are the only implementations. */
import type { KubeObject } from '../facts/kubernetes/object.ts'
import type { ResourceName, Resources } from '../facts/kubernetes/resources.ts'

export interface ListQuery {
  namespace?: string | undefined
  labelSelector?: string
  fieldSelector?: string
  /** Stop after this many objects; the listing then says `truncated`. */
  limit?: number
  /** Ask the API server for metadata alone: how Secrets and ConfigMaps are seen without their values. */
  metadataOnly?: boolean
}

export interface Listing<T> {
  items: T[]
  /** More objects exist than were asked for. */
  truncated: boolean
}

export interface ObjectRef {
  resource: ResourceName
  namespace?: string | undefined
  name: string
}

export interface LogQuery {
  namespace: string
  pod: string
  container: string
  previous?: boolean
  tailLines?: number
  limitBytes?: number
  sinceSeconds?: number
}

/** A GET that the API server makes for us, to a pod or a Service, so that nothing but a kubeconfig is needed. */
export interface ProxyRequest {
  namespace: string
  kind: 'pods' | 'services'
  name: string
  /** A port number or, for a Service, its name. */
  port: number | string
  path: string
  scheme?: 'http' | 'https'
  /** GET, or POST with a body, when not said. */
  method?: 'DELETE'
  /** Body: sent as POST when given, as a form unless `headers` says another content-type. */
  form?: string
  headers?: Record<string, string>
  /** Read at most this many bytes of the answer. */
  limitBytes?: number
}

export interface HttpAnswer {
  status: number
  body: string
  /** Seconds from request to the last byte. */
  seconds: number
  contentType: string
  /** Lower-case names; where the way to the answer gives them. */
  headers?: Readonly<Record<string, string>>
}

export interface AccessCheck {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string | undefined
}

export interface ClusterIdentity {
  context: string
  server: string
  user: string
  namespace: string | undefined
}

/** What a certificate says of itself, without the key that belongs to it. Times are RFC 3339. */
export interface Certificate {
  /** The key of the Secret that it is kept under. */
  key: string
  subject: string
  issuer: string
  notBefore: string
  notAfter: string
}

/** Reads. Every method throws DeniedError, UnreachableError or AbsentError, and InterruptedError when `signal` aborts. */
export interface Cluster {
  /** Requests sent so far, retries included. */
  readonly stats: { readonly requests: number }
  identity(): ClusterIdentity
  /** `serverTime` is the API server's clock in milliseconds since the epoch. */
  version(signal: AbortSignal): Promise<{ gitVersion: string; serverTime: number | undefined }>
  list<K extends ResourceName>(resource: K, query: ListQuery, signal: AbortSignal): Promise<Listing<Resources[K]>>
  get<K extends ResourceName>(
    resource: K,
    ref: { namespace?: string | undefined; name: string },
    signal: AbortSignal,
  ): Promise<Resources[K]>
  /** The first certificate of each key of a Secret that holds one. The Secret's other values are dropped as they arrive. */
  certificates(ref: { namespace?: string | undefined; name: string }, signal: AbortSignal): Promise<Certificate[]>
  logs(query: LogQuery, signal: AbortSignal): Promise<string>
  proxy(request: ProxyRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** Any other GET below the API server, for example `/api/v1/nodes/NAME/proxy/stats/summary`. */
  raw(path: string, signal: AbortSignal): Promise<HttpAnswer>
  can(checks: readonly AccessCheck[], signal: AbortSignal): Promise<boolean[]>
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface WriteOptions {
  dryRun: boolean
  fieldManager: string
}

/** Writes, apart from the reads so that only actions can be handed them. */
export interface ClusterWriter {
  patch(
    ref: ObjectRef,
    type: PatchType,
    body: unknown,
    options: WriteOptions & { subresource?: string },
    signal: AbortSignal,
  ): Promise<KubeObject>
  create(
    resource: ResourceName,
    namespace: string | undefined,
    body: unknown,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<KubeObject>
  remove(ref: ObjectRef, options: WriteOptions & { uid?: string; resourceVersion?: string }, signal: AbortSignal): Promise<void>
}

/** One time series. `points` are [unix seconds, value]; a value may be NaN or Infinity as Prometheus has it. */
export interface Series {
  labels: Record<string, string>
  points: [number, number][]
}

export interface QueryAnswer {
  series: Series[]
  warnings: string[]
}

export interface ScrapeTarget {
  labels: Record<string, string>
  health: string
  lastError: string
  lastScrape: string
}

/** A Prometheus-compatible HTTP API. Throws as Cluster does; a refused expression is a UsageError that quotes Prometheus. */
export interface MetricsSource {
  /** Where answers come from, for evidence: a URL, or `namespace/service through the API server`. */
  readonly where: string
  /** Instant values of several expressions at one time (unix seconds), in as few requests as can be. */
  instant(expressions: Readonly<Record<string, string>>, at: number, signal: AbortSignal): Promise<Record<string, QueryAnswer>>
  range(expression: string, window: { start: number; end: number; step: number }, signal: AbortSignal): Promise<QueryAnswer>
  targets(signal: AbortSignal): Promise<ScrapeTarget[]>
}

export interface Alert {
  name: string
  labels: Record<string, string>
  annotations: Record<string, string>
  /** RFC 3339. */
  startsAt: string
  state: 'active' | 'suppressed' | 'unprocessed'
  fingerprint: string
  /** Ids of the silences that hold it, and fingerprints of the alerts that inhibit it; absent where there are none. */
  silencedBy?: string[]
  inhibitedBy?: string[]
  /** The Prometheus page of the rule, with its expression, where the sender gave one. */
  generatorURL?: string
}

export interface AlertSource {
  readonly where: string
  alerts(signal: AbortSignal): Promise<Alert[]>
  /** As they are told: alerts that go out in one message, and to whom. */
  groups(signal: AbortSignal): Promise<AlertGroup[]>
  /** Absent where alerts can only be read. */
  readonly silencer?: Silencer
}

export interface AlertGroup {
  receiver: string
  /** What its alerts have in common. */
  labels: Record<string, string>
  alerts: Alert[]
}

/** A label that must be equal to a value or match an expression, or must not. */
export interface Matcher {
  name: string
  value: string
  isRegex: boolean
  isEqual: boolean
}

export interface Silence {
  id: string
  matchers: Matcher[]
  /** RFC 3339. */
  startsAt: string
  endsAt: string
  createdBy: string
  comment: string
  state: 'active' | 'pending' | 'expired'
}

/** Silences of an Alertmanager; its own eyes say what a silence would hold. */
export interface Silencer {
  /** Alerts that these matchers would hold, by Alertmanager's own matching. */
  matching(matchers: readonly Matcher[], signal: AbortSignal): Promise<Alert[]>
  silences(signal: AbortSignal): Promise<Silence[]>
  /** Writes; gives the new silence's id. Not asked twice, whatever happens. */
  silence(silence: Omit<Silence, 'id' | 'state'>, signal: AbortSignal): Promise<string>
  /** Ends a silence now. AbsentError when there is none of this id. Not asked twice. */
  expire(id: string, signal: AbortSignal): Promise<void>
}

/** Something said to somebody about an incident; nothing secret is in it. */
export interface Notice {
  /** One line. */
  subject: string
  text: string
  /** The same for every try and every channel of one call, so that a service that knows it pages once. */
  dedupKey: string
  severity: 'critical' | 'error' | 'warning'
  /** What it is about: `namespace/workload`. */
  source: string
  to: { name: string; reach: string | undefined; level: number }
}

/** `refused`: asking again would not help. `failed`: no answer, half an answer, or one that asks for patience. */
export type NoticeOutcome = 'accepted' | 'refused' | 'failed'

/** What became of a notice: every try, and in `outcome` and `said` the last. Times are epoch milliseconds. */
export interface Delivery {
  outcome: NoticeOutcome
  said: string
  tries: { at: number; outcome: NoticeOutcome; said: string }[]
}

export interface Acknowledgement {
  by: string | undefined
  /** Epoch milliseconds, where the service says. */
  at: number | undefined
}

/** One way to reach people. */
export interface Notifier {
  readonly kind: string
  /** For people: an address without anything secret. */
  readonly where: string
  /** Exactly what would be sent, secrets hidden. UsageError where it could not be: a missing file, no address. */
  preview(notice: Notice): Promise<string>
  /** Sends within the channel's time, trying again where that may help. Throws only InterruptedError and UsageError. */
  send(
    notice: Notice,
    clock: { now(): number; sleep(ms: number, signal: AbortSignal): Promise<void> },
    signal: AbortSignal,
  ): Promise<Delivery>
  /** Whether somebody has taken it on; absent where the service cannot tell. */
  acknowledgement?(dedupKey: string, signal: AbortSignal): Promise<Acknowledgement | undefined>
}

/** A GET to a listener of one pod, whose answer may be large. */
export interface DownloadRequest {
  namespace: string
  pod: string
  port: number
  path: string
  headers?: Record<string, string>
  /**
   * `forward`: over a forwarded port, as if from inside the pod: reaches what listens on loopback, and passes every header on.
   * `proxy`: by the API server's proxy, which keeps Authorization for itself.
   */
  way: 'forward' | 'proxy'
}

export interface Download {
  status: number
  contentType: string
  /** As fast as it is read; to be read to its end, or closed by leaving the loop. */
  body: AsyncIterable<Uint8Array>
}

export interface Downloads {
  /** Resolves with the head of the answer; any status of the pod's own is an answer. Throws as Cluster does. */
  download(request: DownloadRequest, signal: AbortSignal): Promise<Download>
}
