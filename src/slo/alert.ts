/** One alert before it is written in anybody's format. */
export interface AlertDefinition {
  /** Without the prefix. */
  name: string
  expr: string
  for: string
  severity: 'critical' | 'warning' | 'ticket'
  /** Labels beside severity and service. */
  labels?: Record<string, string>
  /** One line for a phone's screen. */
  summary: string
  /** With the value that was seen, as a Prometheus template. */
  description: string
  /** Runbook file without `.md`. */
  runbook: string
}

/** Every alert is called this and then its name, as the runbooks call them. */
export const alertPrefix = 'TaskMCP'
