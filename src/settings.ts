/** What a user may say about the cluster, the service and the limits of a look. `config.ts` fills it and remembers where each value came from. */

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet'

/** Something the service cannot do without, in the cluster (a workload and its Service) or outside (a host). */
export interface DependencySettings {
  name: string
  /** The workload behind it, where it runs in a cluster that we can see. */
  kind?: WorkloadKind | undefined
  workload?: string | undefined
  namespace?: string | undefined
  /** Its Service, where it has one. */
  service?: string | undefined
  /** Its host name, where it is outside the cluster. */
  host?: string | undefined
  port?: number | undefined
}

export interface MetricNames {
  path: string
  /** Port of the metrics listener; the service port when undefined. */
  port: number | undefined
  /** Counter of requests. */
  requests: string
  statusLabel: string
  routeLabel: string
  /** Histogram of request durations in seconds; undefined where the service has none. */
  duration: string | undefined
  /** A PromQL label matcher that leaves probes out, for example `route!~"/health.*"`. */
  exclude: string | undefined
}

export interface ServiceSettings {
  namespace: string
  kind: WorkloadKind
  workload: string
  /** Label selector of the pods, where the workload itself may be gone. */
  selector: Record<string, string> | undefined
  service: string
  container: string | undefined
  port: number
  /** Where users come in, when there is something before the Service: a URL. */
  edge: string | undefined
  health: { live: string; ready: string }
  metrics: MetricNames
  mcp: { path: string; tokenFile: string | undefined }
  dependencies: DependencySettings[]
}

export interface ClusterSettings {
  kubeconfig: string | undefined
  context: string | undefined
}

/** An HTTP source: by URL, else found in the cluster and reached through the API server. */
export interface SourceSettings {
  url: string | undefined
  namespace: string | undefined
  service: string | undefined
  port: number | undefined
  /** Path below which it answers behind that Service. */
  prefix?: string | undefined
  bearerTokenFile: string | undefined
  username: string | undefined
  passwordFile: string | undefined
  caFile: string | undefined
  headers: Record<string, string>
}

/** A service whose error budgets are kept. What is undefined is as it is for the service of the settings. */
export interface BudgetedService {
  name: string
  /** PromQL matchers of its series. */
  selector?: string | undefined
  namespace?: string | undefined
  workload?: string | undefined
  requests?: string | undefined
  statusLabel?: string | undefined
  routeLabel?: string | undefined
  /** There and undefined: it has none. */
  duration?: string | undefined
  exclude?: string | undefined
  /** By SLO, as written: `99.5%`. */
  targets?: Record<string, string>
  /** A file with SLOs of its own. */
  slos?: string
}

/** The written runbook's thresholds; ratios in 0..1, latencies in seconds. */
export interface Thresholds {
  errorRatio: number
  p95Seconds: number
  p99Seconds: number
  memoryRatio: number
  cpuRatio: number
  authFailureRatio: number
}

/** A way to reach somebody. Secrets come from files or the environment, never from the settings themselves. */
export interface ChannelSettings {
  kind: 'slack' | 'pagerduty' | 'opsgenie' | 'email' | 'command'
  /** slack: where its webhook's address is; pagerduty, opsgenie: where the key is; email: where the password is. */
  secret: SecretPlace | undefined
  /** pagerduty: a token of its REST API, to read acknowledgements back. */
  token: SecretPlace | undefined
  /** pagerduty, opsgenie: address of the service that takes events, without path. */
  url: string | undefined
  /** pagerduty: address of its REST API. */
  api: string | undefined
  host: string | undefined
  port: number | undefined
  /** email: TLS from the first byte, after STARTTLS, or none. */
  tls: 'tls' | 'starttls' | 'none'
  username: string | undefined
  from: string | undefined
  /** command: the program and its arguments; `{reach}`, `{name}` and `{level}` are filled in. */
  argv: string[]
  /** Seconds for one notification, tries and waits together. */
  timeoutSeconds: number
}

/** Where a secret is kept. */
export type SecretPlace = { file: string } | { env: string }

export interface ContactSettings {
  name: string | undefined
  team: string | undefined
  reach: string | undefined
  /** Channels to try, in order. */
  by: string[]
  /** Name of the schedule that says who this is now. */
  schedule: string | undefined
}

export interface TriggerSettings {
  fact: string
  afterSeconds: number
  says: string
}

export interface LevelSettings {
  level: number
  role: string
  respondWithinSeconds: number
  contacts: string[]
  does: string[]
  handsOverTo: string[]
  handsOverWhen: TriggerSettings[]
}

/** Who is called, how, and when. */
export interface EscalationSettings {
  /** IANA name; times are shown in it, and files without a zone of their own are read in it. */
  timeZone: string
  channels: Record<string, ChannelSettings>
  /** By id; these come before the people of the runbooks, field by field. */
  contacts: Record<string, ContactSettings>
  /** Files by name: `.ics`, or YAML with layers. */
  schedules: Record<string, string>
  /** In place of the levels of the runbooks; empty where nothing was said. */
  levels: LevelSettings[]
  /** Channels that hear of every escalation. */
  tell: string[]
}

/** Where records of incidents are kept for everybody. */
export interface IncidentSettings {
  shared: 'none' | 'configmap' | 'postgresql'
  namespace: string
  databaseUrlFile: string | undefined
}

export interface Settings {
  cluster: ClusterSettings
  service: ServiceSettings
  services?: BudgetedService[]
  prometheus: SourceSettings
  alertmanager: SourceSettings
  thresholds: Thresholds
  /** Seconds that a command may take as a whole. */
  timeoutSeconds: number
  /** How far back changes and logs are looked at, in seconds. */
  lookbackSeconds: number
  incident: IncidentSettings
  runbooks: string | undefined
  /** Two people for every change, where `signers` is set: a file of NAME ssh-ed25519 AAAA... lines. `key` is the own private key. */
  approval: { signers: string | undefined; key: string | undefined }
  escalation: EscalationSettings
}
