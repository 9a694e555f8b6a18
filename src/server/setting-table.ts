/**
 * Every setting of the server, once: its name, how it is written on the command line, in the environment and in a file,
 * and what it means. Flags, TASK_MCP_* variables, the settings file and docs/server.md all come from this table.
 */
export type SettingKind = 'text' | 'number' | 'bytes' | 'duration' | 'flag' | 'list'

/** One setting. `secret` values are never printed and have no flag, because a command line is visible to every user of the machine. */
export interface SettingEntry {
  readonly name: string
  readonly kind: SettingKind
  readonly fallback: string | number | boolean | readonly string[]
  readonly help: string
  readonly secret?: boolean
  readonly hot?: boolean
  /** A variable that others have agreed on, read after our own. */
  readonly also?: string
}

const setting = (
  name: string,
  kind: SettingKind,
  fallback: SettingEntry['fallback'],
  help: string,
  more: Pick<SettingEntry, 'secret' | 'hot' | 'also'> = {},
): SettingEntry => ({ name, kind, fallback, help, ...more })

const hot = { hot: true }
const secret = { secret: true }

/** The table. Durations are seconds with an optional unit (`500ms`, `2s`, `5m`); bytes take `KiB`, `MiB`, `GiB`. */
export const settingTable: readonly SettingEntry[] = [
  setting('host', 'text', '127.0.0.1', 'address to listen on; 0.0.0.0 in a container'),
  setting('port', 'number', 3000, 'port of /mcp, and of /health and /metrics unless --admin-port is given; 0 picks a free one'),
  setting('admin-host', 'text', '127.0.0.1', 'address of the admin listener'),
  setting('admin-port', 'number', -1, 'give /health, /metrics and /debug/pprof a listener of their own'),
  setting('public-url', 'text', '', 'the URL by which clients reach /mcp, when it is not the address listened on'),
  setting('tls-certificate', 'text', '', 'PEM file with the certificate and its chain: serve HTTPS; read again when it changes'),
  setting('tls-key', 'text', '', 'PEM file with the key of the certificate'),
  setting('database-path', 'text', 'task-mcp.db', 'SQLite file, used when there is no database URL'),
  setting('database-max-bytes', 'bytes', 0, 'largest size of the SQLite file; 0 is no limit'),
  setting('database-url', 'text', '', 'PostgreSQL, for more than one replica: postgres://user:password@host:5432/name', secret),
  setting('database-pool-size', 'number', 10, 'connections to PostgreSQL, per process'),
  setting('database-connect-timeout', 'duration', 2, 'longest wait for a free connection'),
  setting('database-statement-timeout', 'duration', 5, 'longest time a statement may run'),
  setting('slow-query', 'duration', 0.25, 'queries slower than this are logged', hot),
  setting('health-interval', 'duration', 5, 'how often the dependencies are checked when nobody asks'),
  setting('token-file', 'text', '', 'bearer tokens, one a line: NAME SHA256-OF-TOKEN [scope,scope]; re-read when it changes'),
  setting('tokens', 'text', '', 'bearer tokens: NAME=TOKEN[,NAME=TOKEN]', secret),
  setting('jwt-issuer', 'text', '', 'accept JSON Web Tokens of this issuer (a URL); needs public-url'),
  setting('jwt-audience', 'text', '', 'the audience that a token must be for; without it the public URL'),
  setting('jwt-keys-url', 'text', '', 'the key set of the issuer; without it ISSUER/.well-known/jwks.json'),
  setting('allow-anonymous', 'flag', false, 'serve without authentication on an address other than loopback'),
  setting('allowed-hosts', 'list', [], 'Host headers to accept besides loopback and the public URL; * accepts all', hot),
  setting('allowed-origins', 'list', [], 'Origin headers of web pages to accept besides loopback', hot),
  setting('max-body-bytes', 'bytes', 1024 * 1024, 'largest request body', hot),
  setting('max-depth', 'number', 32, 'deepest nesting of a request body', hot),
  setting('max-batch', 'number', 20, 'most messages in a batch (2025-03-26 clients only)', hot),
  setting('max-in-flight', 'number', 512, 'requests worked on at once; more are answered 503 with Retry-After', hot),
  setting('request-timeout', 'duration', 30, 'longest time for one request', hot),
  setting('rate-limit', 'number', 200, 'requests a second for one principal; 0 is no limit', hot),
  setting('rate-burst', 'number', 400, 'requests a principal may make at once', hot),
  setting('address-rate-limit', 'number', 500, 'requests a second from one address; 0 is no limit', hot),
  setting('initialize-limit', 'number', 20, 'new sessions a second for one principal; 0 is no limit', hot),
  setting('tool-limits', 'list', [], 'calls a second of one tool by one principal: delete_tasks=2, or =0.1/5 with the calls at once', hot),
  setting('auth-failure-limit', 'number', 30, 'failed authentications a minute from one address before it is refused; 0 is no limit', hot),
  setting('blocked-addresses', 'list', [], 'addresses and networks that are refused: WHO or WHO until TIME (RFC 3339)', hot),
  setting('blocked-principals', 'list', [], 'principals that are refused, by name or by their tag in the log: WHO or WHO until TIME', hot),
  setting('max-sessions', 'number', 20000, 'sessions held at once', hot),
  setting('session-idle', 'duration', 1800, 'a session unused for this long is dropped', hot),
  setting('max-streams', 'number', 10000, 'open SSE streams in the process', hot),
  setting('max-streams-per-principal', 'number', 1000, 'open SSE streams of one principal', hot),
  setting('stream-heartbeat', 'duration', 15, 'a comment is sent on an idle stream this often'),
  setting('stream-lifetime', 'duration', 3600, 'a stream is closed after this long, and its client reconnects', hot),
  setting('stream-buffer-bytes', 'bytes', 256 * 1024, 'a stream whose client reads too slowly is closed above this', hot),
  setting('drain-delay', 'duration', 0, 'on a stop: time between "not ready" and refusing new connections'),
  setting('drain-timeout', 'duration', 20, 'on a stop: longest wait for requests in flight'),
  setting('webhook-url', 'text', '', 'gets every task change as a JSON POST'),
  setting('webhook-mode', 'text', 'after', 'after: tell it of each change; before: ask it first, and write only when it agrees'),
  setting('webhook-timeout', 'duration', 2, 'longest wait for the webhook'),
  setting('webhook-breaker-failures', 'number', 5, 'failures in a row that open the circuit', hot),
  setting('webhook-breaker-reset', 'duration', 10, 'time until an open circuit lets one call through', hot),
  setting('reload-interval', 'duration', 5, 'how often the token file and the settings file are looked at for changes'),
  setting('otlp-endpoint', 'text', '', 'send traces to this collector by OTLP over HTTP, such as http://collector:4318', {
    also: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  }),
  setting('otlp-headers', 'text', '', 'headers for the collector: NAME=VALUE[,NAME=VALUE]', {
    secret: true,
    also: 'OTEL_EXPORTER_OTLP_HEADERS',
  }),
  setting('otlp-resource', 'text', '', 'more about this process in traces: NAME=VALUE[,NAME=VALUE]', { also: 'OTEL_RESOURCE_ATTRIBUTES' }),
  setting('service-name', 'text', 'task-mcp', 'the name of this service in traces', { also: 'OTEL_SERVICE_NAME' }),
  setting('trace-percent', 'number', 100, 'of the requests whose caller takes part in no trace, how many in a hundred begin one'),
  setting('log-level', 'text', 'info', 'debug, info, warn or error', hot),
]
