/** Which runbook fits, when nobody named one: by what fires and what is felt. Pure. */
import type { Cause, Symptom } from './verdict.ts'

const bySymptom: Readonly<Record<string, string>> = {
  down: 'service-downtime',
  no_replicas: 'service-downtime',
  no_endpoints: 'service-downtime',
  service_probe: 'service-downtime',
  unavailable_replicas: 'service-downtime',
  rollout_blocked: 'service-downtime',
  error_ratio: 'high-error-rate',
  latency_p95: 'performance-degradation',
  latency_p99: 'performance-degradation',
  memory: 'memory-issues',
  cpu: 'cpu-issues',
  restarts: 'service-downtime',
}

const order = [
  'service-downtime',
  'high-error-rate',
  'memory-issues',
  'performance-degradation',
  'cpu-issues',
  'streaming-issues',
  'security-incidents',
  'slo-violations',
]

/** Runbook names, the most pressing first. `alerts` maps an alert's name to the runbook that names it. */
export function chooseRunbook(symptoms: readonly Symptom[], causes: readonly Cause[], alerts: Readonly<Record<string, string>>): string {
  const felt = symptoms.flatMap((s) => {
    const name = s.code === 'alert' ? alerts[/alert (\S+) fires/.exec(s.summary)?.[1] ?? ''] : bySymptom[s.code]
    return name ? [{ name, critical: s.severity === 'critical' }] : []
  })
  const best = felt.sort((a, b) => Number(b.critical) - Number(a.critical) || order.indexOf(a.name) - order.indexOf(b.name))[0]
  if (best) return best.name
  return causes[0]?.code.startsWith('slo_') ? 'slo-violations' : 'service-downtime'
}
