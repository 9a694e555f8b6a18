/** The way from a caller to a pod, and from a pod to what it needs. */
import { type KnownCauses, neverReached, notTheRelease, rollBack, samePolicy } from './words.ts'

export const routing: KnownCauses = {
  service_missing: {
    cures: [{ action: 'manual', why: 'create the Service again from its manifest' }],
    never: [{ action: 'restart', why: 'the pods are well; nobody can find them' }, notTheRelease],
    owner: 'service',
  },
  service_selector_mismatch: {
    folds: ['telemetry_gap', 'service_target_port', 'netpol_ingress_block'],
    cures: [{ action: 'service', why: 'let the Service select the labels that the pods carry' }],
    never: [{ action: 'restart', why: 'the pods are well; the Service does not select them' }, notTheRelease],
    owner: 'service',
  },
  service_selector_pollution: {
    cures: [{ action: 'service', why: 'let the Service select this workload alone' }],
    never: [{ action: 'restart', why: 'the wrong pods stay behind the Service' }, notTheRelease],
    owner: 'service',
  },
  service_target_port: {
    folds: ['telemetry_gap', 'netpol_ingress_block'],
    cures: [{ action: 'service', why: 'let the Service lead to the port on which the pods listen' }],
    never: [{ action: 'restart', why: 'the pods are well; the Service leads to the wrong port' }, notTheRelease],
    owner: 'service',
  },
  netpol_ingress_block: {
    folds: ['telemetry_gap', 'dependency_down', 'external_dependency'],
    cures: [{ action: 'policy', why: 'let the policy admit the callers again' }],
    never: [samePolicy, notTheRelease],
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
    never: [samePolicy, notTheRelease],
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
    never: [samePolicy, notTheRelease],
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
    never: [{ action: 'restart', why: 'pods stay on the same nodes' }, notTheRelease],
    owner: 'network',
  },
  ingress_class: {
    cures: [{ action: 'manual', why: 'name a class that exists' }],
    never: [neverReached],
    owner: 'network',
  },
  ingress_misroute: {
    cures: [{ action: 'manual', why: 'lead the Ingress to the Service and port that exist' }],
    never: [neverReached],
    owner: 'network',
  },
  edge_timeout: {
    cures: [{ action: 'manual', why: 'let the edge wait longer than the slowest request, or make that request faster' }],
    never: [
      { action: 'restart', why: 'the edge gives up on new pods just as soon' },
      { action: 'scale', why: 'one request is as slow on more pods' },
    ],
    owner: 'network',
  },
  tls_expired: {
    cures: [{ action: 'manual', why: 'renew the certificate' }],
    never: [{ action: 'restart', why: 'the certificate stays expired' }, notTheRelease],
    owner: 'security',
  },
}
