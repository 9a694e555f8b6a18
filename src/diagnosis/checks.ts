/** The checks that a runbook step may name. Each is a pure function over the View: what was seen, or why it could not be. */
import * as changed from './checks/changed.ts'
import * as dependencies from './checks/dependencies.ts'
import * as errors from './checks/errors.ts'
import * as path from './checks/path.ts'
import * as pods from './checks/pods.ts'
import * as process from './checks/process.ts'
import * as resources from './checks/resources.ts'
import type { Check } from './checks/result.ts'
import * as slo from './checks/slo.ts'
import * as sources from './checks/sources.ts'
import * as streams from './checks/streams.ts'

export type { Check, CheckResult } from './checks/result.ts'

export const checks: Readonly<Record<string, Check>> = {
  'alerts-firing': path.alertsFiring,
  'target-found': pods.targetFound,
  'pods-ready': pods.podsReady,
  'container-states': pods.containerStates,
  'oom-kills': pods.oomKills,
  'pod-admission': pods.podAdmission,
  'pod-placement': pods.podPlacement,
  'node-pressure': pods.nodePressure,
  'replicas-wanted': pods.replicasWanted,
  autoscaler: pods.autoscaler,
  'warning-events': pods.warningEvents,
  'health-endpoints': path.healthEndpoints,
  'service-path': path.servicePath,
  'metrics-collected': path.metricsCollected,
  'network-policies': path.networkPolicies,
  trust: path.trust,
  'rate-limits': path.rateLimits,
  'recent-changes': changed.recentChanges,
  'config-references': changed.configReferences,
  'config-changes': changed.configChanges,
  'secret-changes': changed.secretChanges,
  'error-ratio': errors.errorRatioCheck,
  'error-pattern': errors.errorPattern,
  'error-codes': errors.errorCodes,
  'error-by-pod': errors.errorByPod,
  'log-errors': errors.logErrors,
  'auth-failures': errors.authFailures,
  'auth-rate': errors.authRate,
  'auth-log': errors.authLog,
  'request-pattern': errors.requestPattern,
  dependencies: dependencies.dependencies,
  'database-pool': dependencies.databasePool,
  'database-latency': dependencies.databaseLatency,
  'resource-use': resources.resourceUse,
  'resource-limits': resources.resourceLimits,
  'memory-use': resources.memoryUse,
  'memory-trend': resources.memoryTrend,
  'cpu-use': resources.cpuUse,
  'cpu-by-container': resources.cpuByContainer,
  'cpu-by-pod': resources.cpuByPod,
  'cpu-throttling': resources.cpuThrottling,
  'event-loop': resources.eventLoop,
  latency: resources.latency,
  'latency-pattern': resources.latencyPattern,
  traffic: resources.trafficNow,
  'log-volume': resources.logVolume,
  'streams-against-limit': streams.streamsAgainstLimit,
  'stream-rejections': streams.streamRejections,
  'stream-closings': streams.streamClosings,
  'stream-distribution': streams.streamDistribution,
  'stream-memory': streams.streamMemory,
  'file-descriptors': streams.fileDescriptors,
  'memory-holders': streams.memoryHolders,
  'requests-in-flight': process.requestsInFlight,
  'garbage-collection': process.garbageCollection,
  'slow-queries': dependencies.slowQueries,
  'dependency-latency': dependencies.dependencyLatency,
  'network-latency': dependencies.networkLatency,
  'auth-sources': sources.authSources,
  'stream-first-message': streams.streamFirstMessage,
  'stream-duration': streams.streamDuration,
  'stream-throughput': streams.streamThroughput,
  'stream-buffers': streams.streamBuffers,
  'slo-budget': slo.sloBudget,
  'slo-availability': slo.sloAvailability,
  'slo-throughput': slo.sloThroughput,
  'slo-burn': slo.sloBurn,
  'slo-exhaustion': slo.sloExhaustion,
}

/** Names that the shipped runbooks use for checks that nothing fills yet; `task-mcp runbook lint` lists the steps that wait for them. */
export const unfilledChecks: readonly string[] = []
