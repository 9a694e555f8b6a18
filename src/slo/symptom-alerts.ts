/** Alerts on what a user or an operator would notice at once, with the runbook's thresholds. */
import type { AlertDefinition } from './alert.ts'
import type { SeriesScope } from './objectives.ts'

/** The symptom alerts for the series named by `scope`. */
export function symptomAlerts(scope: SeriesScope): AlertDefinition[] {
  const of = (...matchers: string[]) => [scope.selector, ...matchers].filter((matcher) => matcher !== '').join(',')
  const { duration } = scope.metrics
  const quantile = (q: number) => `histogram_quantile(${q}, sum by (job, le) (rate(${duration}_bucket{${of(scope.exclude)}}[5m])))`
  const busy = `sum by (job) (rate(${duration}_count{${of(scope.exclude)}}[5m])) > 0.1`
  const memory = `process_resident_memory_bytes{${of()}} / process_memory_limit_bytes{${of()}}`
  const alerts: AlertDefinition[] = [
    {
      name: 'HealthCheckFailure',
      // A service that was never scraped has no `up` at all, hence absent().
      expr:
        `max by (job) (up{${of()}}) == 0\nor\nabsent(up{${of()}})\nor\n` +
        `max by (job) (health_check_status{${of('check="ready"')}}) == 0`,
      for: '1m',
      severity: 'critical',
      summary: 'No replica is ready, or none can be reached',
      description: 'Every replica fails its readiness check or its scrape, or there is none at all.',
      runbook: 'service-downtime',
    },
    {
      name: 'LatencyDegradation',
      expr: `${quantile(0.95)} > 0.2\nand\n${busy}`,
      for: '10m',
      severity: 'warning',
      summary: 'One request in twenty takes longer than 200 ms',
      description: 'The 95th percentile over 5 minutes is {{ $value | humanizeDuration }}.',
      runbook: 'performance-degradation',
    },
    {
      name: 'CriticalLatency',
      expr: `${quantile(0.99)} > 0.5\nand\n${busy}`,
      for: '5m',
      severity: 'critical',
      summary: 'One request in a hundred takes longer than 500 ms',
      description: 'The 99th percentile over 5 minutes is {{ $value | humanizeDuration }}.',
      runbook: 'performance-degradation',
    },
    {
      name: 'HighMemoryUsage',
      expr: `${memory} > 0.85`,
      for: '10m',
      severity: 'warning',
      summary: 'A replica uses more than 85% of the memory it may have',
      description: '{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory limit.',
      runbook: 'memory-issues',
    },
    {
      name: 'CriticalMemoryUsage',
      expr: `${memory} > 0.95`,
      for: '2m',
      severity: 'critical',
      summary: 'A replica uses more than 95% of the memory it may have and is about to be killed',
      description: '{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory limit.',
      runbook: 'memory-issues',
    },
    {
      name: 'HighCPUUsage',
      expr: `rate(process_cpu_seconds_total{${of()}}[5m]) / process_cpu_limit_cores{${of()}} > 0.8`,
      for: '10m',
      severity: 'warning',
      summary: 'A replica uses more than 80% of the CPU it may have',
      description: '{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its CPU limit.',
      runbook: 'cpu-issues',
    },
    {
      name: 'StreamingConnectionLimit',
      // Streams refused because a replica is shutting down are a rollout, not a limit.
      expr:
        `streaming_active_connections{${of()}} / (streaming_connections_limit{${of()}} > 0) > 0.9\nor\n` +
        `increase(streaming_connections_rejected_total{${of('reason!="draining"')}}[5m]) > 0`,
      for: '5m',
      severity: 'warning',
      summary: 'A replica is at its limit of streams, or refuses them',
      description: '{{ $labels.instance }} is above 90% of its stream limit, or has refused streams for 5 minutes.',
      runbook: 'streaming-issues',
    },
    {
      name: 'HighAuthFailureRate',
      expr:
        `sum by (job) (rate(auth_failures_total{${of()}}[5m])) / sum by (job) (rate(auth_attempts_total{${of()}}[5m])) > 0.2\nand\n` +
        `sum by (job) (increase(auth_failures_total{${of()}}[5m])) > 20`,
      for: '5m',
      severity: 'warning',
      labels: { category: 'security' },
      summary: 'More than a fifth of all credentials are refused',
      description: '{{ $value | humanizePercentage }} of the credentials shown in 5 minutes were refused.',
      runbook: 'security-incidents',
    },
    {
      name: 'RateLimitHits',
      expr: `sum by (job) (rate(rate_limit_hits_total{${of()}}[5m])) > 1`,
      for: '5m',
      severity: 'warning',
      labels: { category: 'security' },
      summary: 'Limits refuse more than one request a second',
      description: '{{ $value | humanize }} requests a second are refused by a limit.',
      runbook: 'security-incidents',
    },
  ]
  return duration === undefined ? alerts.filter(({ name }) => !/Latency/.test(name)) : alerts
}
