/** The dashboards' panels, once: Grafana's JSON (scripts/dashboards.ts) and `task-mcp dashboard` are both made from them. */

/** As Grafana calls them: a share, a plain number, requests or connections a second, seconds, bytes. */
export type Unit = 'percentunit' | 'none' | 'reqps' | 'cps' | 's' | 'bytes'

/** One chart: what it shows, and the questions behind its lines. */
export interface Panel {
  title: string
  description: string
  unit: Unit
  /** [legend, PromQL] */
  queries: readonly (readonly [legend: string, expr: string])[]
}

export interface Dashboard {
  name: string
  runbook: string
  panels: readonly Panel[]
}

const own = 'job="$job"'
const served = `${own},route!~"/health.*|/metrics|/debug.*"`
const rate = (metric: string, by: string, matchers = own) => `sum by (${by}) (rate(${metric}{${matchers}}[$__rate_interval]))`
const quantile = (q: number, metric: string, by = '', matchers = own) =>
  `histogram_quantile(${q}, sum by (le${by ? `, ${by}` : ''}) (rate(${metric}_bucket{${matchers}}[$__rate_interval])))`
const spent = (window: string) =>
  `sum by (slo) (sum_over_time(slo:bad_events:count1m{service="$job"}[${window}])) / sum by (slo) (sum_over_time(slo:total_events:count1m{service="$job"}[${window}]) > 0) / on (slo) (1 - max by (slo) (slo:objective:target{service="$job"}))`

/** Every panel there is, by dashboard. `$job` and `$__rate_interval` are filled in by who asks. */
export const dashboards: readonly Dashboard[] = [
  {
    name: 'Overview',
    runbook: 'slo-violations',
    panels: [
      {
        title: 'Error budget left',
        description: 'Of the last 30 days. Below 0 it is overspent.',
        unit: 'percentunit',
        queries: [['{{slo}}', `1 - ${spent('30d')}`]],
      },
      {
        title: 'Burn rate, 1 h',
        description: 'Above 14.4 a page goes out, if it is so for 5 minutes too.',
        unit: 'none',
        queries: [['{{slo}}', spent('1h')]],
      },
      {
        title: 'Requests',
        description: 'By status, without probes.',
        unit: 'reqps',
        queries: [['{{status_code}}', rate('http_server_requests_total', 'status_code', served)]],
      },
      {
        title: 'Replicas ready',
        description: 'Replicas whose readiness check passes.',
        unit: 'none',
        queries: [['ready', `sum(health_check_status{${own},check="ready"})`]],
      },
    ],
  },
  {
    name: 'API',
    runbook: 'high-error-rate',
    panels: [
      {
        title: 'Errors',
        description: 'Share of requests answered with 5xx.',
        unit: 'percentunit',
        queries: [
          [
            '5xx',
            `sum(rate(http_server_requests_total{${served},status_code=~"5.."}[$__rate_interval])) / sum(rate(http_server_requests_total{${served}}[$__rate_interval]))`,
          ],
        ],
      },
      {
        title: 'Latency',
        description: 'Promised: p95 of 200 ms, p99 of 500 ms.',
        unit: 's',
        queries: [
          ['p95', quantile(0.95, 'http_server_request_duration_seconds', '', served)],
          ['p99', quantile(0.99, 'http_server_request_duration_seconds', '', served)],
        ],
      },
      {
        title: 'MCP operations that fail',
        description: 'By tool and how they ended.',
        unit: 'reqps',
        queries: [
          [
            '{{gen_ai_tool_name}} {{error_type}}',
            rate('mcp_server_operation_duration_seconds_count', 'gen_ai_tool_name, error_type', `${own},error_type!=""`),
          ],
        ],
      },
      {
        title: 'Who has the bad requests',
        description: 'By the hash of the principal that the log has, and why: failed, slow, or refused because the server is full.',
        unit: 'reqps',
        queries: [['{{principal}} {{reason}}', rate('principal_bad_requests_total', 'principal, reason', `${own},reason!="over_500ms"`)]],
      },
      {
        title: 'Store operations, p95',
        description: 'Waiting for a connection included.',
        unit: 's',
        queries: [['{{operation}}', quantile(0.95, 'db_query_duration_seconds', 'operation')]],
      },
      {
        title: 'Dependencies',
        description: 'Calls by outcome.',
        unit: 'reqps',
        queries: [['{{dependency}} {{outcome}}', rate('dependency_requests_total', 'dependency, outcome')]],
      },
    ],
  },
  {
    name: 'Infrastructure',
    runbook: 'memory-issues',
    panels: [
      {
        title: 'Memory',
        description: 'Of the limit. Alerts at 85% and 95%.',
        unit: 'percentunit',
        queries: [['{{instance}}', `process_resident_memory_bytes{${own}} / process_memory_limit_bytes{${own}}`]],
      },
      {
        title: 'CPU',
        description: 'Of the limit. Alert at 80%.',
        unit: 'percentunit',
        queries: [['{{instance}}', `rate(process_cpu_seconds_total{${own}}[$__rate_interval]) / process_cpu_limit_cores{${own}}`]],
      },
      {
        title: 'Throttled',
        description: 'Seconds a second that the CPU quota held it back.',
        unit: 'none',
        queries: [['{{instance}}', `rate(process_cpu_throttled_seconds_total{${own}}[$__rate_interval])`]],
      },
      {
        title: 'Event loop',
        description: 'Share of time it was busy.',
        unit: 'percentunit',
        queries: [['{{instance}}', `nodejs_eventloop_utilization{${own}}`]],
      },
      {
        title: 'Heap',
        description: 'Of the largest heap V8 allows itself.',
        unit: 'percentunit',
        queries: [['{{instance}}', `nodejs_heap_size_used_bytes{${own}} / nodejs_heap_size_limit_bytes{${own}}`]],
      },
      {
        title: 'Database connections',
        description: 'By state; waiting above 0 is a pool that is too small or a database that is slow.',
        unit: 'none',
        queries: [['{{state}}', `sum by (state) (db_pool_connections{${own}})`]],
      },
    ],
  },
  {
    name: 'Streaming',
    runbook: 'streaming-issues',
    panels: [
      {
        title: 'Open streams',
        description: 'Against the limit.',
        unit: 'none',
        queries: [
          ['{{instance}}', `streaming_active_connections{${own}}`],
          ['limit {{instance}}', `streaming_connections_limit{${own}}`],
        ],
      },
      {
        title: 'Refused',
        description: 'By reason.',
        unit: 'cps',
        queries: [['{{reason}}', rate('streaming_connections_rejected_total', 'reason')]],
      },
      {
        title: 'Closed',
        description: 'By reason.',
        unit: 'cps',
        queries: [['{{reason}}', rate('streaming_connections_closed_total', 'reason')]],
      },
      {
        title: 'First message, p95',
        description: 'From the request to the first message.',
        unit: 's',
        queries: [['p95', quantile(0.95, 'streaming_first_message_seconds')]],
      },
      {
        title: 'Waiting for clients',
        description: 'Bytes buffered in all streams.',
        unit: 'bytes',
        queries: [['{{instance}}', `streaming_buffered_bytes{${own}}`]],
      },
    ],
  },
  {
    name: 'Security',
    runbook: 'security-incidents',
    panels: [
      {
        title: 'Refused credentials',
        description: 'By reason.',
        unit: 'reqps',
        queries: [['{{reason}}', rate('auth_failures_total', 'reason')]],
      },
      {
        title: 'Share refused',
        description: 'Alert above 20%.',
        unit: 'percentunit',
        queries: [
          [
            'refused',
            `sum(rate(auth_failures_total{${own}}[$__rate_interval])) / sum(rate(auth_attempts_total{${own}}[$__rate_interval]))`,
          ],
        ],
      },
      {
        title: 'Limits hit',
        description: 'By limiter and reason.',
        unit: 'reqps',
        queries: [['{{limiter}} {{reason}}', rate('rate_limit_hits_total', 'limiter, reason')]],
      },
    ],
  },
]

/** Versions that run; a new one is a deploy. */
export const versionsExpression = `count by (version, revision) (task_mcp_build_info{${own}})`

/** Critical alerts that fire: incidents. */
export const incidentsExpression = 'ALERTS{alertname=~"TaskMCP.+",alertstate="firing",severity="critical",service="$job"}'
