/** Logs as evidence: lines grouped into templates, searched by what runtimes and protocols say, never by the words of one program. Pure. */
import type { LogExcerpt } from '../facts/snapshot.ts'
import { short } from './claim.ts'
import { millis } from './time.ts'
import type { Evidence } from './verdict.ts'

export interface LogLine {
  pod: string
  container: string
  previous: boolean
  time: string | undefined
  text: string
}

export const linesOf = (excerpts: readonly LogExcerpt[]): LogLine[] =>
  excerpts.flatMap((e) => e.lines.map((l) => ({ pod: e.pod, container: e.container, previous: e.previous, time: l.time, text: l.text })))

/** A line as it was said, where it is quoted inside a JSON string. */
export const plain = (text: string): string => text.replaceAll('\\"', '"')

/** Lines that match, oldest first. */
export function matching(excerpts: readonly LogExcerpt[], pattern: RegExp, since?: number): LogLine[] {
  return linesOf(excerpts)
    .filter((l) => pattern.test(plain(l.text)) && (since === undefined || (millis(l.time) ?? 0) >= since))
    .sort((a, b) => (millis(a.time) ?? 0) - (millis(b.time) ?? 0))
}

/** One line quoted, with how often lines like it were seen and when first and last. */
export function logEvidence(lines: readonly LogLine[], expected?: string): Evidence {
  const [first, last] = [lines[0]!, lines.at(-1)!]
  const times = lines.length > 1 ? ` (${lines.length} lines, first ${first.time ?? 'undated'})` : ''
  return {
    source: 'logs',
    asked: `logs ${last.pod} -c ${last.container}${last.previous ? ' --previous' : ''}`,
    observed: `${short(last.text, 180)}${times}`,
    expected,
    at: last.time,
  }
}

/** The shape of a line: numbers, identifiers and quoted values taken out, so that lines that say the same count together. */
export const templateOf = (text: string): string =>
  text
    .replace(/\d{4}-\d{2}-\d{2}[T ][\d:.,]+Z?/g, '<time>')
    .replace(/"[^"]{0,200}"|'[^']{0,200}'/g, '<value>')
    .replace(/\b[0-9a-f]{8,}\b/gi, '<id>')
    .replace(/\d+(\.\d+)?/g, '<n>')
    .slice(0, 200)

/** Templates of error lines with counts, most frequent first. */
export function errorTemplates(excerpts: readonly LogExcerpt[], since?: number): { template: string; count: number; lines: LogLine[] }[] {
  const groups = new Map<string, LogLine[]>()
  for (const line of matching(excerpts, patterns.error, since))
    groups.set(templateOf(line.text), [...(groups.get(templateOf(line.text)) ?? []), line])
  return [...groups]
    .map(([template, lines]) => ({ template, count: lines.length, lines }))
    .sort((a, b) => b.count - a.count || (a.template < b.template ? -1 : 1))
}

/** What runtimes, libraries and protocols say in any program's log. */
export const patterns = {
  error: /\b(error|fatal|panic|exception|traceback|critical|unhandled)\b|"level":\s*(50|60|"(error|fatal)")/i,
  missingSetting:
    /(?:required|missing|must be set|not set|is not defined|no value for|cannot be (?:empty|blank)|KeyError|not found in environment|unbound variable|parameter not set)/i,
  moduleMissing:
    /cannot find module|MODULE_NOT_FOUND|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|No module named|can't open file|could not find or load main class|no such file or directory|(?:unrecognized|unknown|illegal|unexpected|unsupported) (?:option|argument|flag|switch|command|parameter)|bad option|invalid (?:option|argument|flag)|flag provided but not defined|Unable to access jarfile|: not found$/i,
  dns: /ENOTFOUND|EAI_AGAIN|getaddrinfo|no such host|name or service not known|temporary failure in name resolution|could not (?:translate|resolve) host|server misbehaving|NXDOMAIN|i\/o timeout.*:53\b|lookup .* (?:on|timeout)/i,
  refused:
    /ECONNREFUSED|connection refused|connect failed|actively refused|Connection reset|ECONNRESET|could not connect|failed to connect|connect to \S+ failed/i,
  timeout: /ETIMEDOUT|timed? ?out|deadline exceeded|EHOSTUNREACH|ENETUNREACH|no route to host/i,
  credentials:
    /password authentication failed|WRONGPASS|NOAUTH|invalid (?:password|credentials|api[ -]?key|token)|authentication (?:failed|error|required)|access denied for user|ERR invalid password|auth(?:entication)? (?:rejected|denied)|login failed|28P01|(?<![\d.])28000(?![\d.])|SASL.*(?:fail|mismatch)|bad credentials|(?<![\d.])401(?![\d.]).*unauthorized|signature does not match|signature mismatch|unauthenticated|AuthenticationError|incorrect password|bad (?:password|api[ -]?key|token)|(?:api[ -]?key|token|credentials?|password) (?:is |was |were |has been )?(?:invalid|incorrect|rejected|expired|revoked|refused)|(?:failed with|answered|returned|got)(?: an?)?(?: HTTP)?(?: status)?(?: code)?:? 40[13](?![\d.])|InvalidAccessKeyId|permission denied for user/i,
  forbidden:
    /is forbidden: User "?system:serviceaccount|cannot (?:get|list|watch|create|update|patch|delete) resource|(?<![\d.])403(?![\d.]).*forbidden/i,
  heap: /heap out of memory|Reached heap limit|Allocation failed - JavaScript heap|java\.lang\.OutOfMemoryError|MemoryError|fatal error: runtime: out of memory|std::bad_alloc/i,
  diskFull:
    /ENOSPC|no space left on device|disk (?:is )?full|database or disk is full|SQLITE_FULL|could not extend file|disk quota exceeded|EDQUOT/i,
  readOnly: /EROFS|read-only file system|readonly database|SQLITE_READONLY/i,
  permission: /EACCES|EPERM|permission denied|operation not permitted/i,
  descriptors: /EMFILE|ENFILE|too many open files/i,
  pool: /(?:pool|connection).{0,40}(?:exhaust|timeout exceeded when trying to connect|timed? ?out (?:acquiring|waiting|fetching)|no (?:free|available|idle) connection)|(?:acquir|obtain|checkout|wait).{0,30}connection.{0,30}time|too many (?:clients|connections)|remaining connection slots|(?<![\d.])53300(?![\d.])|pool is (?:probably )?full|timeout acquiring a connection|no connection\b.{0,40}\b(?:free|available|idle)\b|ResourceRequest timed out|QueuePool limit|HikariPool.*(?:not available|timed out)/i,
  certificate:
    /certificate (?:has )?expired|CERT_HAS_EXPIRED|x509: certificate has expired|certificate verify failed: certificate has expired|SSL routines.*expired|not yet valid/i,
  architecture: /exec format error/i,
  addressInUse: /EADDRINUSE|address already in use|bind: permission denied/i,
  circuitOpen: /circuit (?:breaker )?(?:is )?open|breaker open/i,
  waiting:
    /wait(?:ing)?\b.*(?:for|until)|not (?:yet )?(?:ready|available|up|reachable)|retry|unavailable|sleep|connection refused|can't resolve|cannot resolve|bad address|could not resolve/i,
  /** A proxy that ends an answer which has begun because nothing came for too long: nginx, HAProxy, Envoy, Traefik. */
  cutByProxy:
    /upstream timed out.*while reading upstream|stream[_ ]idle[_ ]timeout|idle timeout.*(?:stream|upstream|response)|\bsD[A-Z-]{2}\s|response[_ ]from[_ ]backend[_ ].*(?:timeout|timed out)/i,
  throttle: /rate limit|too many requests|(?<![\d.])429(?![\d.])/i,
} as const
