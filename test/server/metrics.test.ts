import { expect, test } from 'vitest'
import { cpuLimit, memoryLimit, throttledSeconds } from '../../src/server/telemetry/process.ts'
import { aServer, aSession } from './a-server.ts'

const promised: Readonly<Record<string, readonly string[]>> = {
  http_server_requests_total: ['method', 'route', 'status_code'],
  http_server_request_duration_seconds_bucket: ['method', 'route', 'status_class', 'le'],
  http_server_active_requests: [],
  mcp_server_operation_duration_seconds_bucket: ['mcp_method_name', 'gen_ai_tool_name', 'error_type', 'le'],
  mcp_server_sessions_active: [],
  mcp_server_session_duration_seconds_bucket: ['le'],
  streaming_active_connections: [],
  streaming_connections_limit: [],
  streaming_connections_total: [],
  streaming_connections_rejected_total: ['reason'],
  streaming_connections_closed_total: ['reason'],
  streaming_first_message_seconds_bucket: ['le'],
  streaming_connection_duration_seconds_bucket: ['le', 'reason'],
  streaming_messages_total: [],
  streaming_buffered_bytes: [],
  rate_limit_hits_total: ['limiter', 'reason'],
  principal_bad_requests_total: ['principal', 'reason'],
  auth_attempts_total: [],
  auth_failures_total: ['reason'],
  health_check_status: ['check'],
  health_check_duration_seconds_bucket: ['check', 'le'],
  db_pool_connections: ['state'],
  db_query_duration_seconds_bucket: ['operation', 'le'],
  db_slow_queries_total: [],
  dependency_requests_total: ['dependency', 'outcome'],
  dependency_duration_seconds_bucket: ['dependency', 'le'],
  circuit_breaker_state: ['dependency'],
  process_memory_limit_bytes: [],
  process_cpu_limit_cores: [],
  process_cpu_throttled_seconds_total: [],
  process_resident_memory_bytes: [],
  process_cpu_seconds_total: [],
  process_start_time_seconds: [],
  nodejs_heap_size_limit_bytes: [],
  nodejs_eventloop_utilization: [],
  nodejs_eventloop_lag_p99_seconds: [],
  task_mcp_build_info: ['version', 'revision'],
  task_mcp_config_hash: [],
  task_mcp_setting: ['setting'],
}

const scrape = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text()

test('the first scrape has every series of the catalogue, with its labels', async () => {
  const server = await aServer({ 'webhook-url': 'http://127.0.0.1:9/' })
  const text = await scrape(server.adminUrl)
  for (const [name, labels] of Object.entries(promised)) {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}{`) || candidate.startsWith(`${name} `))
    expect(line, name).toBeDefined()
    const found = [...(/\{(.*)\}/.exec(line ?? '')?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label)
    expect(found.sort(), name).toEqual([...labels].sort())
  }
  expect(text).toContain('http_server_requests_total{method="POST",route="/mcp",status_code="500"} 0')
  expect(text).toContain('auth_failures_total{reason="unknown_token"} 0')
  expect(text).toContain(
    'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="create_task",error_type="internal"} 0',
  )
  expect(text).toContain('le="0.2"')
})

test('a stream counts as a stream and not as a long request', async () => {
  const server = await aServer()
  const { id } = await aSession(server)
  const stop = new AbortController()
  await fetch(server.url, { headers: { accept: 'text/event-stream', 'mcp-session-id': id }, signal: stop.signal })
  expect(await server.metric('streaming_active_connections')).toBe(1)
  expect(await server.metric('http_server_active_requests')).toBe(1)
  stop.abort()
  await expect.poll(() => server.metric('streaming_connections_closed_total{reason="client"}')).toBe(1)
  expect(await server.metric('http_server_requests_total{method="GET",route="/mcp",status_code="200"}')).toBe(1)
  expect(await scrape(server.adminUrl)).not.toMatch(
    /http_server_request_duration_seconds_count\{method="GET",route="\/mcp",status_class="2xx"\}/,
  )
})

test('limits of the container are read in both versions of cgroups', () => {
  const files = (content: Record<string, string>) => (path: string) => content[path] ?? ''
  expect(memoryLimit(1.8e19, 8e9)).toBe(8e9)
  expect(memoryLimit(5e8, 8e9)).toBe(5e8)
  expect(memoryLimit(0, 8e9)).toBe(8e9)
  expect(cpuLimit(files({ '/sys/fs/cgroup/cpu.max': '50000 100000\n' }), 4)).toBe(0.5)
  expect(cpuLimit(files({ '/sys/fs/cgroup/cpu.max': 'max 100000\n' }), 4)).toBe(4)
  expect(cpuLimit(files({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' }), 4)).toBe(
    1.5,
  )
  expect(cpuLimit(files({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' }), 4)).toBe(4)
  expect(throttledSeconds(files({ '/sys/fs/cgroup/cpu.stat': 'nr_throttled 3\nthrottled_usec 2500000\n' }))).toBe(2.5)
  expect(throttledSeconds(files({}))).toBe(0)
})
