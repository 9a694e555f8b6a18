/** What puts a cause right, from what the fault is and not from what the tool says: the first remedy must be one of these. */
import type { CauseCode } from '../../src/diagnosis/codes.ts'
import type { ActionName } from '../../src/diagnosis/verdict.ts'

/** Causes that are not here have no single right answer, and are not counted. A change that a release brought is cured by going back. */
export const cures: Readonly<Partial<Record<CauseCode, readonly ActionName[]>>> = {
  image_not_found: ['rollback'],
  image_pull_auth: ['manual', 'escalate'],
  bad_command: ['rollback'],
  missing_env: ['rollback'],
  // Nothing in the cluster remembers them, and values of Secrets are never read: only their owner can put them back.
  missing_secret: ['manual', 'rollback'],
  missing_configmap: ['manual', 'rollback'],
  missing_config_key: ['manual', 'config', 'rollback'],
  liveness_misconfig: ['manual', 'rollback'],
  readiness_misconfig: ['manual', 'rollback'],
  unschedulable_selector: ['rollback', 'manual'],
  unschedulable_resources: ['rollback', 'resources', 'manual'],
  node_cordoned: ['manual', 'escalate'],
  pvc_pending: ['manual', 'rollback'],
  quota_exceeded: ['manual', 'escalate'],
  admission_psa: ['manual', 'rollback'],
  admission_webhook_down: ['manual', 'escalate'],
  scaled_to_zero: ['scale'],
  rollout_paused: ['resume'],
  bad_release: ['rollback'],
  service_missing: ['manual'],
  service_selector_mismatch: ['service', 'manual'],
  service_target_port: ['service', 'manual'],
  netpol_ingress_block: ['policy', 'manual'],
  netpol_egress_block: ['policy', 'manual'],
  netpol_dns_block: ['policy', 'manual'],
  tls_expired: ['manual', 'escalate'],
  config_change: ['config'],
  stale_credentials: ['restart'],
  corrupt_credentials: ['manual', 'escalate'],
  rbac_denied: ['manual', 'escalate'],
  dependency_down: ['scale', 'manual', 'rollback', 'escalate'],
  dependency_slow: ['manual', 'escalate'],
  external_dependency: ['limit', 'escalate', 'manual'],
  pool_exhausted: ['config', 'manual', 'rollback'],
  memory_leak: ['rollback', 'capture'],
  memory_limit_low: ['resources', 'rollback'],
  cpu_throttling: ['resources', 'rollback'],
  event_loop_block: ['rollback', 'capture'],
  v8_heap_limit: ['rollback', 'manual'],
  sidecar_oom: ['rollback', 'resources'],
  ephemeral_storage: ['rollback', 'resources'],
  noisy_neighbour: ['escalate', 'manual'],
  hpa_no_metrics: ['rollback', 'resources'],
  hpa_capped: ['scale', 'manual'],
  log_spam: ['rollback', 'manual'],
  retry_storm: ['limit', 'manual'],
  disk_full: ['manual', 'escalate'],
  single_bad_pod: ['capture', 'pod'],
  traffic_surge: ['scale', 'limit'],
  brute_force: ['block'],
  credential_stuffing: ['limit', 'escalate'],
}

/** Actions that bring a service back; the others keep harm off it, keep what is known, or are for a person. */
const restoring: ReadonlySet<string> = new Set([
  'rollback',
  'restart',
  'scale',
  'resume',
  'resources',
  'service',
  'policy',
  'config',
  'pod',
])

export interface Ill {
  expected: readonly string[]
  /** Kinds of the objects that one would edit. */
  kinds: readonly string[]
  /** Actions that would harm. */
  wrong: readonly string[]
  /** Whether the workload has an earlier revision. */
  released: boolean
  /** Of several faults, all that have to be cured. */
  also?: readonly string[] | undefined
}

/** What `task-mcp fix` can do about a fault, from what the fault is; empty where only a person can. Pure. */
export function curable({ expected, kinds, wrong, released, also = [] }: Ill): string[] {
  const has = (...some: string[]): boolean => some.some((kind) => kinds.includes(kind))
  const open: Readonly<Record<string, boolean>> = {
    rollback: released,
    // Values of Secrets are never read.
    config: has('ConfigMap'),
    scale: has('Deployment', 'StatefulSet'),
  }
  const can = (code: string): string[] =>
    (cures[code as CauseCode] ?? []).filter((action) => restoring.has(action) && !wrong.includes(action) && open[action] !== false)
  return also.every((code) => can(code).length > 0) ? [...new Set(expected.flatMap(can))] : []
}
