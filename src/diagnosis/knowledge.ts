/**
 * What is known of each cause whatever the case: what it brings about, what cures it, what must not be done, who owns it.
 * An action written `action?` applies only where the newest revision of the template brought the fault in.
 */
import type { CauseCode } from './codes.ts'
import type { ActionName } from './verdict.ts'

export interface Knowledge {
  /** Causes that this one brings about: found together, they are its effects and no causes of their own. */
  folds?: readonly CauseCode[]
  /** Remedies, best first: action, and why it cures. `revision` restricts it to faults the newest revision brought in. */
  cures: readonly { action: ActionName; why: string; revision?: boolean }[]
  never: readonly { action: ActionName; why: string }[]
  owner: string
}

const rollBack = (why: string) => ({ action: 'rollback' as const, why, revision: true })
const newPodsFail = 'new pods fail the same way, and the ones that still serve are lost'
const noUse = 'more pods of the same kind fail the same way'
const notTheRelease = 'the template did not cause this; an older release fails the same way'

const start: readonly CauseCode[] = [
  'rollout_stuck',
  'rollout_strategy',
  'readiness_misconfig',
  'liveness_misconfig',
  'liveness_too_aggressive',
  'bad_release',
  'config_change',
  'hpa_no_metrics',
  'single_bad_pod',
  'traffic_policy_local',
]
const cannotRun: readonly CauseCode[] = [...start, 'crash_on_start']

export const knowledge: Readonly<Partial<Record<CauseCode, Knowledge>>> = {
  image_not_found: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision names an image that nodes can pull'),
      { action: 'manual', why: 'push the image, or correct its name' },
    ],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  image_pull_auth: {
    folds: cannotRun,
    cures: [{ action: 'manual', why: 'restore the pull secret; pods pull again by themselves' }],
    never: [
      { action: 'rollback', why: 'the earlier image needs the same credentials' },
      { action: 'restart', why: newPodsFail },
    ],
    owner: 'platform',
  },
  image_arch_mismatch: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier image runs on these nodes'),
      { action: 'manual', why: 'build the image for the nodes, or select nodes that fit it' },
    ],
    never: [{ action: 'restart', why: newPodsFail }],
    owner: 'release',
  },
  bad_command: {
    folds: cannotRun,
    cures: [rollBack('the earlier revision has a command that starts'), { action: 'manual', why: 'correct the command' }],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  missing_env: {
    folds: cannotRun,
    cures: [rollBack('the earlier revision sets the variable'), { action: 'manual', why: 'set the variable in the template' }],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  missing_secret: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision does not need the Secret'),
      { action: 'config', why: 'restore the Secret; the kubelet starts the waiting pods by itself' },
    ],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  missing_configmap: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision does not need the ConfigMap'),
      { action: 'config', why: 'restore the ConfigMap; the kubelet starts the waiting pods by itself' },
    ],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  missing_config_key: {
    folds: cannotRun,
    cures: [
      rollBack('the earlier revision does not need the key'),
      { action: 'config', why: 'restore the key; the kubelet starts the waiting pods by itself' },
    ],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  crash_on_start: {
    folds: start,
    cures: [
      rollBack('the earlier revision started'),
      { action: 'capture', why: 'keep the last words of the crash before anything replaces the pods' },
    ],
    never: [
      { action: 'restart', why: newPodsFail },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  init_dependency_hang: {
    folds: start,
    cures: [{ action: 'manual', why: 'bring up what the init container waits for' }, rollBack('the earlier revision did not wait for it')],
    never: [
      { action: 'restart', why: 'the new pods wait just as long' },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  liveness_misconfig: {
    folds: ['crash_on_start', 'bad_release', 'rollout_stuck', 'single_bad_pod', 'memory_limit_low'],
    cures: [
      rollBack('the earlier revision has a probe that the program answers'),
      { action: 'manual', why: 'let the probe ask the right port and path' },
    ],
    never: [
      { action: 'restart', why: 'the kubelet restarts them already; that is the trouble' },
      { action: 'resources', why: 'nothing was short; the probe asks the wrong thing' },
    ],
    owner: 'release',
  },
  liveness_too_aggressive: {
    folds: ['crash_on_start', 'bad_release', 'rollout_stuck', 'single_bad_pod', 'readiness_misconfig'],
    cures: [
      rollBack('the earlier probe gave the program time'),
      { action: 'manual', why: 'add a startup probe, or give the liveness probe more time' },
    ],
    never: [{ action: 'restart', why: 'the kubelet restarts them already; that is the trouble' }],
    owner: 'release',
  },
  readiness_misconfig: {
    folds: ['bad_release', 'rollout_stuck', 'rollout_strategy'],
    cures: [
      rollBack('the earlier revision has a probe that the program answers'),
      { action: 'manual', why: 'let the probe ask the right port and path' },
    ],
    never: [
      { action: 'restart', why: 'new pods are asked the same wrong question' },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  unschedulable_resources: {
    folds: start,
    cures: [
      rollBack('the earlier revision asked for what a node has'),
      { action: 'resources', why: 'ask for what a node has free' },
      { action: 'manual', why: 'add a node' },
    ],
    never: [
      { action: 'restart', why: 'it gives up places that cannot be had again' },
      { action: 'scale', why: 'more pods need more of what is short' },
    ],
    owner: 'platform',
  },
  unschedulable_selector: {
    folds: start,
    cures: [rollBack('the earlier revision fits the nodes'), { action: 'manual', why: 'label a node, or correct the selector' }],
    never: [
      { action: 'restart', why: 'it gives up places that cannot be had again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  unschedulable_antiaffinity: {
    folds: start,
    cures: [
      rollBack('the earlier revision could be spread over the nodes'),
      { action: 'manual', why: 'make the rule a preference, or add a node' },
    ],
    never: [
      { action: 'restart', why: 'it gives up places that cannot be had again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  unschedulable_taint: {
    folds: start,
    cures: [rollBack('the earlier revision tolerated the taint'), { action: 'manual', why: 'take the taint away, or tolerate it' }],
    never: [
      { action: 'restart', why: 'it gives up places that cannot be had again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'platform',
  },
  node_cordoned: {
    folds: [...start, 'pdb_blocks'],
    cures: [{ action: 'manual', why: 'kubectl uncordon the node, when whoever cordoned it agrees' }],
    never: [
      { action: 'restart', why: 'it gives up places that cannot be had again' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'platform',
  },
  node_not_ready: {
    folds: [...start, 'crash_on_start', 'dependency_down', 'unschedulable_resources', 'telemetry_gap', 'unschedulable_taint'],
    cures: [{ action: 'escalate', why: 'the node itself has to come back; its pods move by themselves after five minutes' }],
    never: [{ action: 'rollback', why: notTheRelease }],
    owner: 'infrastructure',
  },
  node_pressure: {
    folds: [...start, 'crash_on_start', 'ephemeral_storage'],
    cures: [{ action: 'escalate', why: 'whoever fills the node has to be found' }],
    never: [
      { action: 'rollback', why: notTheRelease },
      { action: 'restart', why: 'the new pods land on the same node' },
    ],
    owner: 'infrastructure',
  },
  port_conflict: {
    folds: start,
    cures: [rollBack('the earlier revision did not take a host port'), { action: 'manual', why: 'use a Service instead of a host port' }],
    never: [{ action: 'scale', why: noUse }],
    owner: 'release',
  },
  pvc_pending: {
    folds: start,
    cures: [
      rollBack('the earlier revision does not need the volume'),
      { action: 'manual', why: 'give the claim a StorageClass that exists, or a volume' },
    ],
    never: [
      { action: 'restart', why: 'new pods wait for the same volume' },
      { action: 'scale', why: noUse },
    ],
    owner: 'platform',
  },
  preempted: {
    folds: [...start, 'unschedulable_resources'],
    cures: [{ action: 'manual', why: 'give the service a PriorityClass, or add a node' }],
    never: [{ action: 'restart', why: 'it gives up places that cannot be had again' }],
    owner: 'platform',
  },
  quota_exceeded: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [{ action: 'manual', why: 'raise the quota, or free what others use of it' }],
    never: [
      { action: 'restart', why: 'every pod that goes cannot be made again' },
      { action: 'scale', why: 'the quota refuses further pods' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'platform',
  },
  quota_requires_limits: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [
      { action: 'resources', why: 'state the requests and limits that the quota asks for' },
      rollBack('the earlier revision stated them'),
    ],
    never: [
      { action: 'restart', why: 'every pod that goes cannot be made again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  limit_range_violation: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [{ action: 'resources', why: 'ask for what the LimitRange allows' }, rollBack('the earlier revision kept within it')],
    never: [{ action: 'restart', why: 'every pod that goes cannot be made again' }],
    owner: 'service',
  },
  admission_psa: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [
      rollBack('the earlier revision was allowed'),
      { action: 'manual', why: 'give the pods the securityContext that the level wants, or set the level that was agreed' },
    ],
    never: [
      { action: 'restart', why: 'every pod that goes cannot be made again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'security',
  },
  admission_webhook_down: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [{ action: 'escalate', why: 'the webhook must answer again, or its owner sets failurePolicy Ignore' }],
    never: [
      { action: 'restart', why: 'every pod that goes cannot be made again' },
      { action: 'scale', why: noUse },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'platform',
  },
  admission_webhook_denied: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [rollBack('the earlier revision was allowed'), { action: 'manual', why: 'change what the policy objects to' }],
    never: [{ action: 'restart', why: 'every pod that goes cannot be made again' }],
    owner: 'platform',
  },
  admission_mutation: {
    folds: ['rollout_stuck'],
    cures: [{ action: 'escalate', why: 'the webhook changes the pod into one that is not valid' }],
    never: [{ action: 'restart', why: 'every pod that goes cannot be made again' }],
    owner: 'platform',
  },
  service_account_missing: {
    folds: ['rollout_stuck', 'rollout_strategy'],
    cures: [rollBack('the earlier revision uses an account that exists'), { action: 'manual', why: 'create the ServiceAccount' }],
    never: [
      { action: 'restart', why: 'every pod that goes cannot be made again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  priority_class_missing: {
    folds: ['rollout_stuck'],
    cures: [
      rollBack('the earlier revision uses a class that exists'),
      { action: 'manual', why: 'create the PriorityClass, or correct its name' },
    ],
    never: [{ action: 'restart', why: 'every pod that goes cannot be made again' }],
    owner: 'release',
  },
  runtime_class_missing: {
    folds: ['rollout_stuck'],
    cures: [
      rollBack('the earlier revision uses a class that exists'),
      { action: 'manual', why: 'create the RuntimeClass, or correct its name' },
    ],
    never: [{ action: 'restart', why: 'every pod that goes cannot be made again' }],
    owner: 'release',
  },
  scaled_to_zero: {
    folds: ['service_selector_mismatch', 'service_target_port', 'hpa_no_metrics', 'telemetry_gap', 'rollout_paused'],
    cures: [{ action: 'scale', why: 'pods have to be asked for before any can serve' }],
    never: [
      { action: 'restart', why: 'there is nothing to restart' },
      { action: 'rollback', why: 'every revision has 0 replicas' },
    ],
    owner: 'service',
  },
  rollout_paused: {
    folds: [
      ...cannotRun,
      'missing_env',
      'bad_command',
      'missing_config_key',
      'missing_configmap',
      'missing_secret',
      'image_not_found',
      'memory_limit_low',
      'readiness_misconfig',
    ],
    cures: [{ action: 'resume', why: 'the template that waits can then reach the pods' }],
    never: [
      { action: 'restart', why: 'a paused Deployment does not roll' },
      { action: 'rollback', why: 'a paused Deployment cannot be rolled back' },
    ],
    owner: 'release',
  },
  rollout_stuck: {
    cures: [rollBack('the earlier revision was available'), { action: 'escalate', why: 'the reason is not known yet' }],
    never: [{ action: 'restart', why: newPodsFail }],
    owner: 'release',
  },
  rollout_strategy: {
    cures: [{ action: 'manual', why: 'use RollingUpdate with maxUnavailable below the replica count' }],
    never: [{ action: 'restart', why: 'it stops every pod at once again' }],
    owner: 'release',
  },
  hpa_no_metrics: {
    cures: [
      rollBack('the earlier revision states the requests that the autoscaler measures against'),
      { action: 'resources', why: 'state the resource requests that the autoscaler measures against' },
    ],
    never: [{ action: 'restart', why: 'new pods state no requests either' }],
    owner: 'service',
  },
  hpa_capped: {
    cures: [{ action: 'scale', why: 'raise the maximum of the autoscaler' }],
    never: [{ action: 'restart', why: 'it takes capacity away while it lasts' }],
    owner: 'service',
  },
  pdb_blocks: {
    cures: [
      { action: 'scale', why: 'one more replica lets one be evicted' },
      { action: 'manual', why: 'let the budget allow one disruption' },
    ],
    never: [{ action: 'restart', why: 'it does not empty the node' }],
    owner: 'service',
  },
  bad_release: {
    folds: ['rollout_stuck', 'crash_on_start', 'retry_storm'],
    cures: [{ action: 'rollback', why: 'the earlier revision served the same traffic without these errors' }],
    never: [
      { action: 'restart', why: 'the same code fails again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'release',
  },
  service_missing: {
    cures: [{ action: 'manual', why: 'create the Service again from its manifest' }],
    never: [
      { action: 'restart', why: 'the pods are well; nobody can find them' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'service',
  },
  service_selector_mismatch: {
    folds: ['telemetry_gap', 'service_target_port', 'netpol_ingress_block'],
    cures: [{ action: 'service', why: 'let the Service select the labels that the pods carry' }],
    never: [
      { action: 'restart', why: 'the pods are well; the Service does not select them' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'service',
  },
  service_selector_pollution: {
    cures: [{ action: 'service', why: 'let the Service select this workload alone' }],
    never: [
      { action: 'restart', why: 'the wrong pods stay behind the Service' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'service',
  },
  service_target_port: {
    folds: ['telemetry_gap', 'netpol_ingress_block'],
    cures: [{ action: 'service', why: 'let the Service lead to the port on which the pods listen' }],
    never: [
      { action: 'restart', why: 'the pods are well; the Service leads to the wrong port' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'service',
  },
  netpol_ingress_block: {
    folds: ['telemetry_gap', 'dependency_down', 'external_dependency'],
    cures: [{ action: 'policy', why: 'let the policy admit the callers again' }],
    never: [
      { action: 'restart', why: 'new pods are behind the same policy' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'network',
  },
  netpol_egress_block: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'external_dependency',
      'crash_on_start',
      'init_dependency_hang',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'dependency_slow',
      'readiness_misconfig',
    ],
    cures: [{ action: 'policy', why: 'let the policy allow the dependency again' }],
    never: [
      { action: 'restart', why: 'new pods are behind the same policy' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'network',
  },
  netpol_dns_block: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'netpol_egress_block',
      'external_dependency',
      'crash_on_start',
      'init_dependency_hang',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'dependency_slow',
      'dns_policy',
      'readiness_misconfig',
    ],
    cures: [{ action: 'policy', why: 'let the policy allow DNS again' }],
    never: [
      { action: 'restart', why: 'new pods are behind the same policy' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'network',
  },
  dns_policy: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'readiness_misconfig',
      'external_dependency',
      'crash_on_start',
      'init_dependency_hang',
      'bad_release',
      'config_change',
    ],
    cures: [
      rollBack('the earlier revision resolved names of the cluster'),
      { action: 'manual', why: 'set dnsPolicy ClusterFirst (ClusterFirstWithHostNet on the host network)' },
    ],
    never: [{ action: 'restart', why: 'new pods resolve names the same way' }],
    owner: 'release',
  },
  traffic_policy_local: {
    cures: [{ action: 'service', why: 'let every node forward (traffic policy Cluster)' }],
    never: [
      { action: 'restart', why: 'pods stay on the same nodes' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'network',
  },
  ingress_class: {
    cures: [{ action: 'manual', why: 'name a class that exists' }],
    never: [{ action: 'restart', why: 'requests never reach the pods' }],
    owner: 'network',
  },
  ingress_misroute: {
    cures: [{ action: 'manual', why: 'lead the Ingress to the Service and port that exist' }],
    never: [{ action: 'restart', why: 'requests never reach the pods' }],
    owner: 'network',
  },
  tls_expired: {
    cures: [{ action: 'manual', why: 'renew the certificate' }],
    never: [
      { action: 'restart', why: 'the certificate stays expired' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'security',
  },
  config_change: {
    folds: ['liveness_too_aggressive', 'liveness_misconfig', 'readiness_misconfig', 'crash_on_start', 'bad_release', 'rollout_stuck'],
    cures: [{ action: 'config', why: 'restore the earlier value, then restart so that the pods read it' }],
    never: [{ action: 'rollback', why: 'the template is the same; an older revision reads the same ConfigMap' }],
    owner: 'service',
  },
  stale_credentials: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'readiness_misconfig',
      'crash_on_start',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'external_dependency',
    ],
    cures: [{ action: 'restart', why: 'new pods read the credentials that are now in the Secret' }],
    never: [{ action: 'rollback', why: notTheRelease }],
    owner: 'service',
  },
  corrupt_credentials: {
    folds: [
      'liveness_too_aggressive',
      'liveness_misconfig',
      'readiness_misconfig',
      'crash_on_start',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'external_dependency',
    ],
    cures: [{ action: 'config', why: 'restore the credentials, then restart' }],
    never: [
      { action: 'restart', why: 'new pods read the same wrong credentials' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'security',
  },
  rbac_denied: {
    folds: ['liveness_too_aggressive', 'liveness_misconfig', 'readiness_misconfig', 'crash_on_start', 'bad_release', 'config_change'],
    cures: [{ action: 'manual', why: 'give the service account its RoleBinding back' }],
    never: [
      { action: 'restart', why: 'the account stays without the right' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'security',
  },
  auth_config: {
    cures: [{ action: 'config', why: 'restore the keys that clients were given' }],
    never: [{ action: 'block', why: 'the clients are the right ones' }],
    owner: 'security',
  },
  dependency_down: {
    folds: [
      'crash_on_start',
      'init_dependency_hang',
      'external_dependency',
      'bad_release',
      'config_change',
      'pool_exhausted',
      'dependency_slow',
      'readiness_misconfig',
      'liveness_too_aggressive',
      'rollout_stuck',
      'stale_credentials',
      'single_bad_pod',
      'netpol_ingress_block',
      'netpol_egress_block',
    ],
    cures: [
      { action: 'scale', why: 'the dependency has to run' },
      { action: 'escalate', why: 'its owners bring it back' },
    ],
    never: [
      { action: 'restart', why: 'new pods find the same dependency down, and a herd of them slows its return' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'database',
  },
  dependency_slow: {
    folds: ['pool_exhausted', 'retry_storm'],
    cures: [{ action: 'escalate', why: 'what holds it up is found in the dependency, not here' }],
    never: [
      { action: 'restart', why: 'it only adds connections' },
      { action: 'scale', why: 'more pods ask a slow dependency for more' },
    ],
    owner: 'database',
  },
  external_dependency: {
    folds: ['bad_release', 'config_change'],
    cures: [
      { action: 'limit', why: 'a circuit breaker keeps its failures away from other requests' },
      { action: 'escalate', why: 'its operators have to bring it back' },
    ],
    never: [
      { action: 'restart', why: 'it does not reach outside' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'provider',
  },
  pool_exhausted: {
    folds: ['bad_release'],
    cures: [{ action: 'config', why: 'raise the pool, within what the database allows' }],
    never: [
      { action: 'scale', why: 'more pods take more connections of the same database' },
      { action: 'restart', why: 'the pool fills again' },
    ],
    owner: 'service',
  },
  memory_leak: {
    folds: ['crash_on_start', 'memory_limit_low', 'liveness_too_aggressive', 'bad_release'],
    cures: [rollBack('the earlier revision did not leak'), { action: 'restart', why: 'it buys the time that the leak needs to come back' }],
    never: [
      { action: 'resources', why: 'more memory only hides the leak for longer' },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  memory_limit_low: {
    folds: ['crash_on_start', 'rollout_stuck', 'bad_release', 'liveness_too_aggressive', 'liveness_misconfig', 'readiness_misconfig'],
    cures: [rollBack('the earlier limit was enough'), { action: 'resources', why: 'give the container what it needs' }],
    never: [
      { action: 'restart', why: 'the same limit kills it again' },
      { action: 'scale', why: noUse },
    ],
    owner: 'service',
  },
  v8_heap_limit: {
    folds: ['crash_on_start', 'bad_release'],
    cures: [
      rollBack('the earlier revision had a heap that was enough'),
      { action: 'manual', why: 'raise the heap flag, below the container limit' },
    ],
    never: [
      { action: 'resources', why: 'the container limit was not reached; the heap flag was' },
      { action: 'restart', why: 'the same heap fills again' },
    ],
    owner: 'service',
  },
  sidecar_oom: {
    folds: ['crash_on_start', 'rollout_stuck'],
    cures: [rollBack("the sidecar's earlier limit was enough"), { action: 'resources', why: 'give the sidecar what it needs' }],
    never: [{ action: 'restart', why: 'the same limit kills it again' }],
    owner: 'platform',
  },
  cpu_throttling: {
    folds: ['liveness_too_aggressive', 'readiness_misconfig'],
    cures: [rollBack('the earlier limit was enough'), { action: 'resources', why: 'raise the CPU limit' }],
    never: [{ action: 'restart', why: 'the same limit throttles the new pods' }],
    owner: 'service',
  },
  event_loop_block: {
    folds: ['cpu_throttling', 'liveness_too_aggressive', 'bad_release', 'single_bad_pod', 'readiness_misconfig'],
    cures: [{ action: 'rollback', why: 'the earlier revision left its thread free' }],
    never: [{ action: 'restart', why: 'the same code blocks again' }],
    owner: 'release',
  },
  noisy_neighbour: {
    cures: [{ action: 'escalate', why: 'whoever fills the node has to be moved' }],
    never: [
      { action: 'resources', why: 'the limit is not reached' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'infrastructure',
  },
  ephemeral_storage: {
    folds: ['crash_on_start'],
    cures: [rollBack('the earlier revision wrote less'), { action: 'resources', why: 'allow more ephemeral storage, or write less' }],
    never: [{ action: 'restart', why: 'the disk fills again' }],
    owner: 'service',
  },
  disk_full: {
    folds: ['bad_release', 'crash_on_start', 'readiness_misconfig'],
    cures: [{ action: 'manual', why: 'free space, or give the volume more' }],
    never: [
      { action: 'restart', why: 'the disk stays full, and the service may not start again' },
      { action: 'rollback', why: notTheRelease },
      { action: 'scale', why: noUse },
    ],
    owner: 'database',
  },
  fd_exhaustion: {
    cures: [{ action: 'pod', why: 'capture, then replace the pod: the leak starts over with all descriptors free' }],
    never: [{ action: 'scale', why: noUse }],
    owner: 'service',
  },
  single_bad_pod: {
    folds: ['cpu_throttling'],
    cures: [{ action: 'pod', why: 'capture it, then delete it: its peers are well, so a new one will be' }],
    never: [
      { action: 'scale', why: 'the bad pod stays' },
      { action: 'rollback', why: 'its peers of the same revision are well' },
    ],
    owner: 'service',
  },
  traffic_surge: {
    folds: ['cpu_throttling', 'hpa_capped', 'pool_exhausted'],
    cures: [
      { action: 'scale', why: 'more pods share the load' },
      { action: 'limit', why: 'shed what cannot be served' },
    ],
    never: [
      { action: 'restart', why: 'it takes capacity away while it lasts' },
      { action: 'rollback', why: notTheRelease },
    ],
    owner: 'service',
  },
  stream_limit: {
    cures: [
      { action: 'limit', why: 'raise the stream limit within what memory allows' },
      { action: 'scale', why: 'more pods hold more streams' },
    ],
    never: [{ action: 'restart', why: 'every client reconnects at once' }],
    owner: 'service',
  },
  stream_leak: {
    cures: [{ action: 'limit', why: 'close idle streams sooner' }],
    never: [{ action: 'scale', why: 'the leak fills the new pods too' }],
    owner: 'service',
  },
  brute_force: {
    cures: [
      { action: 'block', why: 'one source is behind it' },
      { action: 'escalate', why: 'it is a security incident' },
    ],
    never: [{ action: 'restart', why: 'it forgets the limits that hold the source back' }],
    owner: 'security',
  },
  wrong_target: { cures: [{ action: 'manual', why: 'name the workload that is meant' }], never: [], owner: 'you' },
  access_denied: {
    folds: ['wrong_target', 'telemetry_gap'],
    cures: [{ action: 'manual', why: 'ask for the read Role (deploy/rbac); task-mcp doctor prints the rule' }],
    never: [],
    owner: 'platform',
  },
  telemetry_gap: {
    cures: [{ action: 'manual', why: 'let Prometheus scrape the pods' }],
    never: [{ action: 'restart', why: 'it does not bring the measurements back' }],
    owner: 'platform',
  },
}

export const unknownCause: Knowledge = {
  cures: [{ action: 'escalate', why: 'no action is known to cure this' }],
  never: [],
  owner: 'service',
}
